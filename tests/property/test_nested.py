"""Random nested graphs with loops, conditions and failures end as a model says that recurses and counts nothing."""

import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from levada.graph.model import (
    After,
    Collect,
    Component,
    Graph,
    Input,
    Item,
    Literal,
    Loop,
    OneOf,
    Output,
    Parameter,
    Task,
    TaskOutput,
)
from levada.planner.attempt import Failure, Success
from levada.planner.encoding import decode_rows, encode_rows, node_of, row_of
from levada.planner.nodes import Gate, Leaf
from levada.planner.run import Run

NOW = datetime(2026, 1, 1, tzinfo=UTC)
INPUTS = {"x": Input("x", "Integer", True, is_optional=True), "l": Input("l", "List", True, is_optional=True)}
MUST = {name: replace(declared, is_optional=False) for name, declared in INPUTS.items()}


@dataclass(frozen=True)
class Ended:
    """How the model says that a task ends; a loop has its iterations."""

    phase: str
    outputs: dict
    iterations: tuple = ()


def made(path):
    return zlib.crc32(path.encode()) % 97


@st.composite
def graphs(draw, depth=0):
    tasks, outputs = {}, {}
    for index in range(draw(st.integers(2, 5))):
        name = f"t{index}"
        tasks[name] = draw(tasks_after(name, tasks, depth))
    ends = [name for name, task in tasks.items() if not task.loop]
    if ends:
        outputs["n"] = TaskOutput(draw(st.sampled_from(ends)), "n")
    finals = {"f": draw(tasks_after("f", tasks, 2))} if draw(st.integers(0, 4)) == 0 else {}
    return Graph(dict(INPUTS), tasks, outputs, finals)


@st.composite
def tasks_after(draw, name, earlier, depth):
    is_nested = depth < 2 and draw(st.integers(0, 3)) == 0
    inputs = INPUTS if draw(st.booleans()) else MUST
    body = draw(graphs(depth + 1)) if is_nested else Component(inputs, {"n": Output("n", "Integer", True)}, "image")
    plain = [other for other, task in earlier.items() if not task.loop]
    loops = [other for other, task in earlier.items() if task.loop]
    loop = Loop(Literal(draw(st.sampled_from([[1, 2, 0], [3, 0], [2], []]))), draw(st.sampled_from([1, 2, None])))
    is_loop = draw(st.integers(0, 3)) == 0
    singles = [Item()] if is_loop else []
    singles += [*(TaskOutput(other, "n") for other in plain), Literal(1), Parameter("x")]
    if plain:
        singles.append(OneOf(tuple(TaskOutput(other, "n") for other in plain)))
    lists = [Collect(other, "n", how) for other in loops for how in ("Fail", "Omit", "Null")]
    lists += [Literal([]), Parameter("l")]
    bindings = {"x": draw(st.sampled_from(singles)), "l": draw(st.sampled_from(lists))}
    after = tuple(After(other, draw(st.booleans())) for other in earlier if draw(st.integers(0, 5)) == 0)
    return Task(
        name,
        body,
        bindings,
        after,
        when=draw(st.sampled_from([None, None, None, "false", "inputs.x > 1"])),
        loop=loop if is_loop else None,
        is_tolerated=draw(st.integers(0, 3)) == 0,
    )


class Model:
    """What becomes of every path, by recursion."""

    def __init__(self, failing):
        self.failing = failing
        self.ended = {}

    def graph(self, graph, given, prefix):
        known = {}
        for name, task in graph.tasks.items():
            known[name] = self.task(task, given, known, prefix + name, may_always=False)
        state = self.worst(graph.tasks, known)
        for name, task in graph.finals.items():
            known[name] = self.task(task, given, known, f"{prefix}finally.{name}", may_always=True)
        phase = self.worst(graph.finals, known) if state == "Succeeded" else state
        outputs = {}
        for name, binding in graph.outputs.items():
            ended = known[binding.task]
            if binding.output in ended.outputs:
                outputs[name] = ended.outputs[binding.output]
        return Ended(phase, outputs)

    def worst(self, tasks, known):
        failed = [name for name in tasks if known[name].phase == "Failed" and not tasks[name].is_tolerated]
        return "Failed" if failed else "Succeeded"

    def task(self, task, given, known, path, *, may_always):
        verdict, data = self.bind(task, given, known, task.inputs, may_always)
        if any(edge.require_success and known[edge.task].phase != "Succeeded" for edge in task.after):
            verdict = "Skipped"
        if not task.loop:
            return self.note(path, self.once(task, data, path) if verdict is None else self.never(task, path, verdict))
        if verdict is not None:
            return self.note(path, Ended(verdict, {}))
        ends = []
        for index, item in enumerate(task.loop.items.value):
            whole = {name: item if source == Item() else data.get(name) for name, source in task.inputs.items()}
            whole = {name: datum for name, datum in whole.items() if datum is not None or name in data}
            place = f"{path}[{index}]"
            ends.append(self.note(place, self.once(task, whole, place)))
        failed = not task.is_tolerated and any(end.phase == "Failed" for end in ends)
        return self.note(path, Ended("Failed" if failed else "Succeeded", {}, tuple(ends)))

    def bind(self, task, given, known, bindings, may_always):
        data = {}
        for name, binding in bindings.items():
            kind, datum = self.value(binding, given, known, may_always)
            if kind == "gone" and not (datum and task.body.inputs[name].is_optional):
                return "Skipped", {}
            if kind == "wrong":
                return "Failed", {}
            if kind == "there":
                data[name] = datum
        return None, data

    def value(self, binding, given, known, may_always):
        """`there` and the datum, `absent`, `wrong`, or `gone` and whether something else may stand for it."""
        if isinstance(binding, Literal):
            return "there", binding.value
        if isinstance(binding, Parameter):
            return ("there", given[binding.name]) if binding.name in given else ("absent", None)
        if isinstance(binding, Item):
            return "absent", None
        choices = binding.choices if isinstance(binding, OneOf) else (binding,)
        ended = [known[choice.task] for choice in choices]
        if isinstance(binding, Collect):
            return self.collect(binding, ended[0], may_always)
        for end in ended:
            if "n" in end.outputs:
                return "there", end.outputs["n"]
        worst = next((end for end in ended if end.phase != "Skipped"), ended[0])
        return "gone", may_always or worst.phase in ("Skipped", "Succeeded") or self.is_tolerated(choices, known, worst)

    def is_tolerated(self, choices, known, end):
        return any(known[choice.task] is end and self.tolerant.get(choice.task) for choice in choices)

    def collect(self, binding, loop, may_always):
        if loop.phase != "Succeeded" and not (may_always and loop.iterations and binding.missing != "Fail"):
            return "gone", may_always or loop.phase == "Skipped" or self.tolerant.get(binding.task)
        found = [end.outputs.get("n") for end in loop.iterations]
        if None in found and binding.missing == "Fail":
            return "wrong", None
        return "there", [n for n in found if n is not None or binding.missing == "Null"]

    def once(self, task, data, path):
        if any(name not in data and not declared.is_optional for name, declared in task.body.inputs.items()):
            return self.never(task, path, "Failed")
        if task.when == "false" or (task.when and not ("x" in data and data["x"] > 1)):
            # Without `x` the condition has no answer.
            return self.never(task, path, "Failed" if task.when != "false" and "x" not in data else "Skipped")
        if isinstance(task.body, Graph):
            inner = Model(self.failing)
            inner.tolerant = tolerant(task.body)
            end = inner.graph(task.body, data, f"{path}.")
            self.ended |= inner.ended
            return end
        return Ended("Failed", {}) if made(path) % 7 in self.failing else Ended("Succeeded", {"n": made(path)})

    def never(self, task, path, phase):
        if isinstance(task.body, Graph):
            for place in below(task.body, f"{path}."):
                self.ended[place] = "Skipped"
        return Ended(phase, {})

    def note(self, path, end):
        self.ended[path] = end.phase
        return end


def tolerant(graph):
    return {name: task.is_tolerated for name, task in {**graph.tasks, **graph.finals}.items()}


def below(graph, prefix):
    for name, task in [*graph.tasks.items(), *((f"finally.{name}", task) for name, task in graph.finals.items())]:
        yield prefix + name
        if isinstance(task.body, Graph) and not task.loop:
            yield from below(task.body, f"{prefix}{name}.")


def restarted(run, graph):
    rows = decode_rows(encode_rows([row_of(node, None) for node in run.nodes.values() if node.changed]))
    again = Run(graph, {}, recorded=rows)
    for row in rows:
        again.restore(row.path, node_of(row, again.nodes[row.path], row.outputs or {}), NOW)
    return again


@settings(max_examples=400)
@given(graphs(), st.sets(st.integers(0, 6), max_size=3), st.randoms(use_true_random=False), st.sets(st.integers(0, 12)))
def test_whatever_the_graph_and_the_order_of_ends_every_task_ends_as_the_model_says(graph, failing, order, restarts):
    model = Model(failing)
    model.tolerant = tolerant(graph)
    whole = model.graph(graph, {}, "")
    run, running, started = Run(graph, {}), [], set()
    for number in range(10_000):
        if number in restarts:
            # An attempt that nobody has seen yet is started once more by whoever restarts; its Pod is there already.
            run = restarted(run, graph)
            again = [start.leaf.path for start in run.plan(NOW).starts]
            assert set(again) >= set(running)
            running += [path for path in again if path not in running]
            started |= set(again)
        for start in run.plan(NOW).starts:
            assert start.leaf.path not in started
            started.add(start.leaf.path)
            running.append(start.leaf.path)
        if run.is_final:
            break
        path = running.pop(order.randrange(len(running)))
        bad = made(path) % 7 in failing
        run.observe(path, 0, Failure("Error", "broke", 1) if bad else Success({"n": made(path)}), NOW)
    assert {path: str(node.phase) for path, node in run.nodes.items()} == model.ended
    assert (str(run.root.phase), run.root.outputs) == (whole.phase, whole.outputs)
    leaves = [node for node in run.nodes.values() if isinstance(node, Leaf) and not isinstance(node, Gate)]
    assert run.counts.total() == len(leaves)
    assert bool(run.failures) == (whole.phase == "Failed")


@settings(max_examples=300)
@given(
    graphs(), st.sampled_from([None, 1, 3]), st.sets(st.integers(0, 6), max_size=3), st.randoms(use_true_random=False)
)
def test_an_end_that_nobody_awaits_lets_nothing_begin_or_end(graph, parallelism, failing, order):
    run, running, kept = Run(replace(graph, parallelism=parallelism), {}), [], []

    def tell():
        for path in kept:
            bad = made(path) % 7 in failing
            run.observe(path, 0, Failure("Error", "broke", 1) if bad else Success({"n": made(path)}), NOW)
        kept.clear()

    running += [start.leaf.path for start in run.plan(NOW).starts]
    while running:
        path = running.pop(order.randrange(len(running)))
        is_awaited = run.is_awaited(run.leaves[path], len(kept) + 1)
        open_before = {path for path, node in run.nodes.items() if not node.phase.is_final} - {*kept}
        tell()
        assert not run.plan(NOW).starts
        assert {path for path, node in run.nodes.items() if not node.phase.is_final} == open_before
        kept.append(path)
        if is_awaited:
            tell()
            running += [start.leaf.path for start in run.plan(NOW).starts]
    assert not kept
    assert run.is_final


def test_of_tasks_that_one_waits_for_only_the_last_ends_are_awaited():
    def leaf(*after):
        return Task("t", Component({}, {}, "image"), {}, tuple(After(name, True) for name in after))

    tasks = {name: replace(leaf(), name=name) for name in "abc"}
    run = Run(Graph({}, {**tasks, "d": replace(leaf(*"abc"), name="d")}, {}, {}), {})
    run.plan(NOW)
    assert [run.is_awaited(run.leaves[name], ends) for name, ends in (("a", 1), ("b", 2), ("c", 3))] == [
        False,
        False,
        True,
    ]
