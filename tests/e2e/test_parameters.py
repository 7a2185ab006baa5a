"""Values reach tasks exactly as they were written, and flow on through outputs."""

import hashlib

import pytest

from e2e.runs import BASE_IMAGE, condition, container

AWKWARD = {
    "empty": "",
    "unicode": "Zoë ☃ 𝄞",
    "newlines": "two\nlines\n",
    "option": "-x",
    "command": "$(id)",
    "variable": "$(HOME) ${HOME} $HOME",
    "dollars": "$$ $$$ $$(HOME)",
    "quotes": "\"double\" 'single' `back`",
    "json": '{"a": [1, null]}',
    "number": "1e-3",
}
TYPED = {
    "Integer": (2**53 + 1, "9007199254740993"),
    "Float": (1e-3, "0.001"),
    "Boolean": (True, "true"),
    "List": ([1, "a", [True]], '[1,"a",[true]]'),
    "Dict": ({"k": {"n": 1}}, '{"k":{"n":1}}'),
}
NUMBER = [{"name": "n", "type": "Integer"}]


def compare(type_, text):
    """A task that fails unless `text` arrives in argv, in the environment and as a file."""
    script = """
import os, sys
value, path, expected, out = sys.argv[1:]
seen = {"argv": value, "env": os.environ["VALUE"], "file": open(path, newline="").read()}
wrong = {way: text for way, text in seen.items() if text != eval(expected)}
assert not wrong, wrong
open(out, "w").write(str(len(value)))
"""
    body = {
        "inputs": [{"name": "x", "type": type_}],
        "outputs": [{"name": "length", "type": "Integer"}],
        "implementation": {
            "container": {
                "image": BASE_IMAGE,
                "command": ["python3", "-c", script],
                "args": [{"inputValue": "x"}, {"inputPath": "x"}, ascii(text), {"outputPath": "length"}],
                "env": {"VALUE": {"inputValue": "x"}},
            }
        },
    }
    return {"componentSpec": body}


@pytest.fixture(scope="module")
def awkward(new_namespace, give_store, runs_in):
    """Runs that carry every awkward value: one from parameters, one through outputs."""
    namespace = new_namespace("awkward")
    give_store(namespace)
    runs = runs_in(namespace)
    values = AWKWARD | {type_: value for type_, (value, _) in TYPED.items()}
    types = dict.fromkeys(AWKWARD, "String") | {type_: type_ for type_ in TYPED}
    texts = AWKWARD | {type_: text for type_, (_, text) in TYPED.items()}
    declared = [{"name": name, "type": type_} for name, type_ in types.items()]
    tasks = {
        name.lower(): compare(types[name], texts[name]) | {"inputs": {"x": {"parameter": name}}} for name in values
    }
    outputs = {name: {"task": name, "output": "length"} for name in AWKWARD}
    runs.start("parameters", tasks, declared=declared, parameters=values, outputs=outputs)

    script = "import sys; [open(p, 'w', newline='').write(eval(t)) for p, t in zip(sys.argv[1::2], sys.argv[2::2])]"
    arguments = [part for name in values for part in ({"outputPath": name}, ascii(texts[name]))]
    command = {"image": BASE_IMAGE, "command": ["python3", "-c", script], "args": arguments}
    write = {"componentSpec": {"outputs": declared, "implementation": {"container": command}}}
    chosen = ("option", "dollars", "newlines", "Integer")
    tasks = {
        name.lower(): compare(types[name], texts[name]) | {"inputs": {"x": {"task": "write", "output": name}}}
        for name in chosen
    }
    outputs = {name: {"task": "write", "output": name} for name in values}
    runs.start("outputs", {"write": write, **tasks}, outputs=outputs)
    return runs


def test_parameters_of_every_type_arrive_byte_for_byte(awkward):
    status, _ = awkward.succeed("parameters")
    assert status["outputs"] == {name: len(text) for name, text in AWKWARD.items()}


def test_outputs_of_every_type_flow_on_and_into_the_runs_outputs(awkward):
    status, _ = awkward.succeed("outputs")
    assert status["outputs"] == AWKWARD | {type_: value for type_, (value, _) in TYPED.items()}
    awkward.check_invariants()


def test_an_output_feeds_the_next_task_and_the_run(runs):
    script = 'expr "$1" + "$2" > "$3"'
    arguments = ({"inputValue": "a"}, {"inputValue": "b"}, {"outputPath": "sum"})
    inputs = [{"name": "a", "type": "Integer"}, {"name": "b", "type": "Integer", "default": 10}]
    adder = container(script, *arguments, inputs=inputs, outputs=[{"name": "sum", "type": "Integer"}])
    tasks = {
        "one": adder | {"inputs": {"a": {"value": 1}}},
        "two": adder | {"inputs": {"a": {"task": "one", "output": "sum"}, "b": {"task": "one", "output": "sum"}}},
    }
    runs.start("chain", tasks, outputs={"total": {"task": "two", "output": "sum"}})
    status, tasks = runs.succeed("chain")
    assert status["outputs"] == {"total": 22}
    assert tasks["one"]["outputs"] == {"sum": 11}
    assert status["progress"] == "2/2"


def test_the_largest_and_the_smallest_integer_survive(runs):
    echo = container('printf %s "$1" > "$2"', {"inputValue": "n"}, {"outputPath": "n"}, inputs=NUMBER, outputs=NUMBER)
    limits = {"most": 2**63 - 1, "least": -(2**63)}
    tasks = {name: echo | {"inputs": {"n": {"value": value}}} for name, value in limits.items()}
    runs.start("limits", tasks, outputs={name: {"task": name, "output": "n"} for name in limits})
    status, _ = runs.succeed("limits")
    assert status["outputs"] == limits


def test_optional_inputs_defaults_concat_and_if_make_the_command_line(runs, store):
    inputs = [
        {"name": "name", "type": "String", "default": "Ada"},
        {"name": "note", "type": "String", "optional": True},
        {"name": "data", "type": "Dataset", "optional": True},
    ]
    arguments = [
        {"outputPath": "argv"},
        {"concat": ["--name=", {"inputValue": "name"}, "!"]},
        {"if": {"cond": {"isPresent": "note"}, "then": ["--note", {"inputValue": "note"}], "else": ["--bare"]}},
        {"if": {"cond": {"isPresent": "data"}, "then": ["--data", {"inputPath": "data"}]}},
    ]
    script = "import json, sys; json.dump(sys.argv[2:], open(sys.argv[1], 'w'))"
    command = {"image": BASE_IMAGE, "command": ["python3", "-c", script], "args": arguments}
    outputs = [{"name": "argv", "type": "List"}]
    show = {"componentSpec": {"inputs": inputs, "outputs": outputs, "implementation": {"container": command}}}
    tasks = {"bare": show, "full": show | {"inputs": {"name": {"value": ""}, "note": {"parameter": "note"}}}}
    declared = [{"name": "note", "type": "String", "optional": True}]
    whole = {name: {"task": name, "output": "argv"} for name in tasks}
    runs.start("with-note", tasks, outputs=whole, declared=declared, parameters={"note": "-n"})
    runs.start("without", tasks, outputs=whole, declared=declared)
    bare = ["--name=Ada!", "--bare"]
    assert runs.succeed("with-note")[0]["outputs"] == {"bare": bare, "full": ["--name=!", "--note", "-n"]}
    assert runs.succeed("without")[0]["outputs"] == {"bare": bare, "full": ["--name=!", "--bare"]}


def test_two_hundred_kilobytes_pass_as_a_file(runs):
    check = container('test "$(wc -c < "$1")" = 200000', {"inputPath": "x"}, inputs=[{"name": "x", "type": "String"}])
    runs.start("big-file", {"check": check | {"inputs": {"x": {"value": "ä" * 100_000}}}})
    runs.succeed("big-file")


def test_two_hundred_kilobytes_as_an_argument_are_refused_with_the_cure(runs):
    check = container("true", {"inputValue": "x"}, inputs=[{"name": "x", "type": "String"}])
    runs.start("big-argument", {"check": check | {"inputs": {"x": {"value": "a" * 200_000}}}})
    _, tasks = runs.end("big-argument")
    assert tasks["check"]["reason"] == "ArgumentTooLong"
    assert "inputPath" in tasks["check"]["message"]
    assert runs.pods("big-argument") == []


def large_inputs():
    """Three texts, far too large for a Pod together, and a task that fails unless it gets them as files."""
    texts = {"p": "ä" * 150_000, "q": "q" * 200_000, "r": "r" * 100_000}
    script = "import hashlib, sys; print(sys.argv[1:]); assert sys.argv[4:] == "
    script += "[hashlib.sha256(open(path, 'rb').read()).hexdigest() for path in sys.argv[1:4]]"
    arguments = [{"inputPath": name} for name in texts]
    arguments += [hashlib.sha256(text.encode()).hexdigest() for text in texts.values()]
    inputs = [{"name": name, "type": "String"} for name in texts]
    return texts, container("", *arguments, inputs=inputs, container={"command": ["python3", "-c", script]})


def test_inputs_too_large_for_a_pod_come_through_the_store(runs, store):
    texts, check = large_inputs()
    script = "import sys; open(sys.argv[1], 'w').write('q' * 200_000); open(sys.argv[2], 'w').write('r' * 100_000)"
    command = ["python3", "-c", script]
    outputs = [{"name": name, "type": "String"} for name in ("q", "r")]
    write = container("", {"outputPath": "q"}, {"outputPath": "r"}, outputs=outputs, container={"command": command})
    bound = {"p": {"parameter": "p"}} | {name: {"task": "write", "output": name} for name in ("q", "r")}
    declared = [{"name": "p", "type": "String"}]
    tasks = {"write": write, "check": check | {"inputs": bound}}
    runs.start("large", tasks, declared=declared, parameters={"p": texts["p"]})
    runs.succeed("large")


def test_inputs_too_large_for_a_pod_need_a_store(runs):
    texts, check = large_inputs()
    runs.start("large", {"check": check | {"inputs": {name: {"value": text} for name, text in texts.items()}}})
    status, tasks = runs.end("large")
    assert tasks["check"]["reason"] == "NoStore"
    assert "240,000 bytes" in tasks["check"]["message"]
    assert "check" in condition(status)["message"]
