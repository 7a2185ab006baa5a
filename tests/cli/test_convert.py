"""`levada convert`: what it prints is what `levada validate` and `levada run` take, or nothing."""

import json

import pytest

from unit.frontend.kfp.documents import TEXT, compiled, component, constant, container, parameters, task

HEARS = {"hears": component({"parameters": {"text": TEXT}})}
SIMPLE = compiled({"t": task("hears", **parameters(text=constant("a")))}, HEARS, {"run": container("{{$}}")})


def test_what_is_printed_is_a_pipeline_with_its_components(levada):
    done = levada("convert", "-", stdin=SIMPLE)
    assert (done.code, done.err) == (0, "")
    assert levada("validate", "-", stdin=done.out).out == "1 Component, 1 Pipeline: no mistake found\n"


def test_it_may_go_into_a_file(levada):
    source = levada.folder / "pipeline.yaml"
    source.write_text(SIMPLE)
    assert levada("convert", source, "-O", "native.yaml").out == "native.yaml\n"
    assert (levada.folder / "native.yaml").read_text() == levada("convert", source).out


def test_what_is_printed_runs(levada):
    executor = {"container": {"image": "busybox", "command": ["sh", "-c", 'test "$0" = a'], "args": []}}
    executor["container"]["command"].append("{{$.inputs.parameters['text']}}")
    text = compiled({"t": task("hears", **parameters(text=constant("a")))}, HEARS, {"run": executor})
    (levada.folder / "native.yaml").write_text(levada("convert", "-", stdin=text).out)
    done = levada("run", "--local", "native.yaml", "-o", "json")
    assert done.code == 0, done.err
    assert [task["phase"] for task in json.loads(done.out)["tasks"]] == ["Succeeded"]


@pytest.mark.parametrize(("args", "text", "message"), [
    (["-"], SIMPLE.replace('"hears"', '"heard"', 1), "there is no component 'heard'"),
    (["-"], "", "<stdin>:1: the file is empty"),
    (["-"], "kind: Pipeline", "this is no pipeline that kfp.compiler wrote: there is nothing to convert"),
    (["missing.yaml"], "", "missing.yaml:1: cannot be read: no such file or directory"),
    (["one.yaml", "two.yaml"], "", "several files hold a pipeline 'test': convert them one by one"),
])  # fmt: skip
def test_what_is_wrong_ends_with_2_and_nothing_is_printed(levada, args, text, message):
    for name in ("one.yaml", "two.yaml"):
        (levada.folder / name).write_text(SIMPLE)
    done = levada("convert", *args, stdin=text)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
