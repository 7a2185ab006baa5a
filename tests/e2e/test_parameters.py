"""Values reach tasks exactly as they were written, and flow on through outputs."""

import json

import pytest

from e2e.conftest import container

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
                "image": "levada-base:test",
                "command": ["python3", "-c", script],
                "args": [{"inputValue": "x"}, {"inputPath": "x"}, ascii(text), {"outputPath": "length"}],
                "env": {"VALUE": {"inputValue": "x"}},
            }
        },
    }
    return {"componentSpec": body}


def test_values_of_every_type_arrive_byte_for_byte(runs):
    tasks = {name: compare("String", text) | {"inputs": {"x": {"parameter": name}}} for name, text in AWKWARD.items()}
    for type_, (_, text) in TYPED.items():
        tasks[type_.lower() + "-typed"] = compare(type_, text) | {"inputs": {"x": {"parameter": type_}}}
    declared = [{"name": name, "type": "String"} for name in AWKWARD] + [{"name": t, "type": t} for t in TYPED]
    parameters = AWKWARD | {type_: value for type_, (value, _) in TYPED.items()}
    outputs = {name: {"task": name, "output": "length"} for name in AWKWARD}
    runs.start("awkward", tasks, declared=declared, parameters=parameters, outputs=outputs)
    status, tasks = runs.end("awkward", 180)
    assert status["phase"] == "Succeeded", {path: task.get("logTail") for path, task in tasks.items()}
    assert status["outputs"] == {name: len(text) for name, text in AWKWARD.items()}


def test_an_output_feeds_the_next_task_and_the_run(runs):
    add = {"outputs": [{"name": "sum", "type": "Integer"}]}
    script = 'expr "$1" + "$2" > "$3"'
    arguments = ({"inputValue": "a"}, {"inputValue": "b"}, {"outputPath": "sum"})
    inputs = [{"name": "a", "type": "Integer"}, {"name": "b", "type": "Integer", "default": 10}]
    adder = container(script, *arguments, inputs=inputs, outputs=add["outputs"])
    tasks = {
        "one": adder | {"inputs": {"a": {"value": 1}}},
        "two": adder | {"inputs": {"a": {"task": "one", "output": "sum"}, "b": {"task": "one", "output": "sum"}}},
    }
    runs.start("chain", tasks, outputs={"total": {"task": "two", "output": "sum"}})
    status, tasks = runs.end("chain")
    assert status["outputs"] == {"total": 22}
    assert tasks["one"]["outputs"] == {"sum": 11}
    assert status["progress"] == "2/2"


def test_two_hundred_kilobytes_pass_as_a_file(runs):
    check = container('test "$(wc -c < "$1")" = 200000', {"inputPath": "x"}, inputs=[{"name": "x", "type": "String"}])
    runs.start("big-file", {"check": check | {"inputs": {"x": {"value": "ä" * 100_000}}}})
    status, _ = runs.end("big-file")
    assert status["phase"] == "Succeeded"


def test_two_hundred_kilobytes_as_an_argument_are_refused_with_the_cure(runs):
    check = container("true", {"inputValue": "x"}, inputs=[{"name": "x", "type": "String"}])
    runs.start("big-argument", {"check": check | {"inputs": {"x": {"value": "a" * 200_000}}}})
    _, tasks = runs.end("big-argument")
    assert tasks["check"]["reason"] == "ArgumentTooLong"
    assert "inputPath" in tasks["check"]["message"]
    assert runs.pods("big-argument") == []


@pytest.mark.parametrize(("text", "found"), [("many", "many"), ("NaN", "NaN"), ("1.5", "a Float"), ("", "''")])
def test_an_output_of_the_wrong_type_fails_the_task(runs, text, found):
    task = container('printf "%s" "$1" > "$2"', text, {"outputPath": "n"}, outputs=[{"name": "n", "type": "Integer"}])
    runs.start("wrong", {"task": task})
    _, tasks = runs.end("wrong")
    assert tasks["task"]["reason"] == "InvalidOutput"
    assert found in tasks["task"]["message"], json.dumps(tasks["task"])
