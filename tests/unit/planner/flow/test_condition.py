"""Tasks that run only where a condition holds, and values that come from whichever branch ran."""

from dataclasses import replace

import pytest

from levada.graph.conditions import ConditionError, check_condition, holds
from levada.graph.model import ABSENT, After, Artifact, Literal, OneOf, Task, TaskOutput
from levada.planner import reasons
from levada.planner.attempt import Failure, Success
from levada.planner.nodes import Phase
from levada.planner.run import Run
from unit.planner.graphs import component, graph, task
from unit.planner.simulation import NOW, play, succeed


def conditional(name, when, **inputs):
    """A task with the inputs of its component that are bound, and `extra` ones for its condition only."""
    extra = inputs.pop("extra", {})
    return Task(name, component(*inputs), inputs | extra, when=when)


def phases(run):
    return {path: str(leaf.phase) for path, leaf in run.leaves.items()}


def test_a_task_whose_condition_is_false_is_skipped_with_the_expression_and_its_values():
    run = Run(graph(task("a"), conditional("b", "inputs.n > 3", n=TaskOutput("a", "n")), task("c", needs=("b",))), {})
    play(run, succeed(n=2))
    assert phases(run) == {"a": "Succeeded", "b": "Skipped", "c": "Skipped"}
    assert (run.leaves["b"].reason, run.leaves["b"].message) == ("ConditionFalse", "'inputs.n > 3' is false: n = 2")
    assert run.root.phase is Phase.SUCCEEDED


def test_a_task_whose_condition_is_true_runs():
    run = Run(graph(task("a"), conditional("b", "inputs.n > 3", n=TaskOutput("a", "n"))), {})
    assert play(run, succeed(n=4)) == ["a#0", "b#0"]


def test_a_binding_that_only_the_condition_names_orders_and_is_not_passed():
    run = Run(graph(task("a"), conditional("b", "inputs.score > 3", extra={"score": TaskOutput("a", "n")})), {})
    assert [start.leaf.path for start in run.plan(NOW).starts] == ["a"]
    run.observe("a", 0, Success({"n": 4}), NOW)
    (start,) = run.plan(NOW).starts
    assert (start.leaf.path, start.inputs) == ("b", {})


def test_an_error_in_a_condition_fails_the_task_before_it_starts():
    run = Run(graph(conditional("b", "inputs.n > 'x'", n=Literal(1))), {})
    assert run.plan(NOW).starts == []
    assert (run.leaves["b"].phase, run.leaves["b"].reason) == (Phase.FAILED, reasons.INVALID_CONDITION)
    assert "inputs.n > 'x'" in run.leaves["b"].message
    assert run.failures == [run.leaves["b"]]


def branches(condition):
    big, small = conditional("big", condition, n=TaskOutput("a", "n")), conditional("small", f"!({condition})")
    small = replace(small, inputs={"n": TaskOutput("a", "n")})
    serve = Task("serve", component("m"), {"m": OneOf((TaskOutput("big", "n"), TaskOutput("small", "n")))})
    return Run(graph(task("a"), big, small, serve), {})


@pytest.mark.parametrize(("condition", "ran"), [("inputs.n > 3", "big"), ("inputs.n > 5", "small")])
def test_of_exclusive_branches_the_one_that_ran_gives_the_value(condition, ran):
    run = branches(condition)
    play(run, lambda path, inputs, attempt: Success({"n": 4 if path == "a" else len(path)}))
    assert run.leaves["serve"].inputs == {"m": len(ran)}
    assert run.root.phase is Phase.SUCCEEDED


def test_a_failed_branch_counts_more_than_a_skipped_one():
    run = branches("inputs.n > 5")
    broken = Failure(reasons.ERROR, "broke", 1)
    play(run, lambda path, inputs, attempt: broken if path == "small" else Success({"n": 4}))
    assert (run.leaves["serve"].phase, run.leaves["serve"].reason) == (Phase.SKIPPED, reasons.UPSTREAM_FAILED)


def test_a_skipped_task_satisfies_what_only_comes_after_it():
    run = Run(graph(conditional("a", "false"), task("b", after=(After("a"),))), {})
    assert play(run, succeed(n=1)) == ["b#0"]


@pytest.mark.parametrize(
    ("text", "inputs", "expected"),
    [
        ("inputs.n >= 2 && inputs.s == 'x'", {"n": 2, "s": "x"}, True),
        ("has(inputs.n)", {"n": ABSENT}, False),
        ("!has(inputs.n) || inputs.n > 1", {"n": ABSENT}, True),
        ("inputs.model.metadata.auc > 0.9", {"model": Artifact("s3://b/m", None, "Model", {"auc": 0.95})}, True),
        ('inputs["the score"] > 1', {"the score": 2}, True),
        ("inputs.list.exists(x, x == 3)", {"list": [1, 2, 3]}, True),
        ("inputs.a > 1 // and so on", {"a": 2}, True),
    ],
)
def test_conditions_see_the_inputs_by_their_types(text, inputs, expected):
    assert holds(text, inputs) is expected


@pytest.mark.parametrize(
    ("text", "inputs", "said"),
    [
        ("inputs.n", {"n": 1}, "true or false"),
        ("inputs.m > 1", {"n": 1}, "'m' is not there"),
        ("inputs.n / 0 == 1", {"n": 1}, "division by zero"),
        ("inputs.list.all(x, x > 0)", {"list": [1] * 101}, "looks at too much"),
        ("inputs.text == 'x'", {"text": "x" * 64_001}, "looks at too much"),
    ],
)
def test_a_condition_without_an_answer_says_why(text, inputs, said):
    with pytest.raises(ConditionError, match=said):
        holds(text, inputs)


@pytest.mark.threat(
    "an expression is a bomb",
    holds="macros, depth and length are bounded, and so is the time",
)
@pytest.mark.parametrize(
    "text",
    [
        "inputs.l.map(x, x).size() > 0",
        "inputs.l.filter(x, x > 0).size() > 0",
        "inputs.l.all(x, inputs.l.all(y, x > y))",
        "inputs.l.all(x, x != ')' && inputs.l. // comment\n exists(y, y == x))",
        "inputs.a " + "+ inputs.a " * 120 + "> 0",
        "inputs.l.all(x, x > 0 " + "+ x " * 120 + ")",
        "((((",
        "",
    ],
)
def test_what_could_hold_the_interpreter_or_is_no_expression_is_refused(text):
    with pytest.raises(ConditionError):
        check_condition(text)
