"""Bad input: exit code 2, and a message with file, line and cure."""

import json

import pytest

COMPONENT = """\
apiVersion: levada.dev/v1alpha1
kind: Component
metadata: {name: add}
spec:
  inputs: [{name: a, type: Integer}, {name: b, type: Integer, default: 1}]
  outputs: [{name: sum, type: Integer}]
  implementation:
    container:
      image: busybox
      command: [sh, -c, 'echo $(($1 + $2)) > $3', sh, {inputValue: a}, {inputValue: b}, {outputPath: sum}]
"""
PIPELINE = """\
apiVersion: levada.dev/v1alpha1
kind: Pipeline
metadata: {name: sums}
spec:
  parameters: [{name: x, type: Integer}]
  tasks:
  - name: one
    componentRef: {name: add}
    inputs: {a: {parameter: x}}
  - name: two
    componentRef: {name: add}
    inputs: {a: {task: one, output: sum}}
"""
RUN = """\
apiVersion: levada.dev/v1alpha1
kind: PipelineRun
metadata: {name: sums-1}
spec:
  pipelineRef: {name: sums}
  parameters: {x: 7}
"""
ALL = f"{COMPONENT}---\n{PIPELINE}---\n{RUN}"
PIPELINE_LINE = COMPONENT.count("\n") + 2
RUN_LINE = PIPELINE_LINE + PIPELINE.count("\n") + 1


def test_good_files_end_with_0_and_say_what_was_seen(levada):
    levada.write("all.yaml", ALL)
    done = levada("validate", "all.yaml")
    assert (done.code, done.out, done.err) == (0, "1 Component, 1 Pipeline, 1 PipelineRun: no mistake found\n", "")


MISTAKES = {
    "broken YAML": (ALL.replace("  pipelineRef: {", "  pipelineRef: [{"), RUN_LINE + 5, "this is not YAML"),
    "a tab": (ALL.replace("  pipelineRef", "\tpipelineRef"), RUN_LINE + 4, "YAML indents with spaces"),
    "unknown kind": (ALL.replace("PipelineRun", "PipelinRun"), RUN_LINE + 1, "did you mean 'PipelineRun'?"),
    "unknown field": (ALL.replace("componentRef", "componentref", 1), PIPELINE_LINE + 7, "mean 'componentRef'?"),
    "unknown field that is null": (f"{ALL}  parametres:\n", RUN_LINE + 6, "did you mean 'parameters'?"),
    "unknown task": (ALL.replace("task: one", "task: ones"), PIPELINE_LINE + 11, "did you mean 'one'?"),
    "unknown output": (ALL.replace("output: sum", "output: sums"), PIPELINE_LINE + 11, "did you mean 'sum'?"),
    "unknown component": (ALL.replace("componentRef: {name: add}", "componentRef: {name: ad}", 1), PIPELINE_LINE + 7,
                          "did you mean 'add'?"),
    "cycle": (ALL.replace("{parameter: x}", "{task: two, output: sum}"), PIPELINE_LINE + 6, "one -> two -> one"),
    "wrong parameter type": (ALL.replace("x: 7", "x: seven"), RUN_LINE + 5, "expected an Integer"),
    "quoted number": (ALL.replace("x: 7", 'x: "7"'), RUN_LINE + 5, "write it without quotes"),
    "missing parameter": (ALL.replace("  parameters: {x: 7}\n", ""), RUN_LINE + 3, "'x' is required: an Integer"),
    "unquoted boolean": (ALL.replace("x: 7", "x: yes"), RUN_LINE + 5, 'quote it ("yes")'),
    "bare key": (ALL.replace("x: 7", "n: 7"), RUN_LINE + 5, 'quote it ("n")'),
    "duplicate key": (f"{ALL}  parameters: {{x: 8}}\n", RUN_LINE + 6, f"already given in line {RUN_LINE + 5}"),
    "null where a list belongs": (ALL.replace("  outputs: [{name: sum, type: Integer}]", "  outputs: null"), 6,
                                  "leave it out"),
    "not built yet": (ALL.replace("componentRef: {name: add}", "resource: {}", 1), PIPELINE_LINE + 7,
                      "resource is not"),
    "wrong image type": (ALL.replace("image: busybox", "image: 7"), 9, 'quote it: "7"'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "cure"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_file_line_and_cure(levada, text, line, cure):
    levada.write("all.yaml", text)
    done = levada("validate", "all.yaml")
    assert done.code == 2
    assert done.out == ""
    found = [message for message in done.err.splitlines() if message.startswith(f"all.yaml:{line}: ")]
    assert any(cure in message for message in found), done.err


@pytest.mark.parametrize(("text", "line", "cure"), MISTAKES.values(), ids=MISTAKES)
def test_run_refuses_the_same_before_it_asks_any_cluster(levada, text, line, cure):
    levada.write("all.yaml", text)
    done = levada("run", "--local", "all.yaml")
    assert done.code == 2
    assert any(message.startswith(f"all.yaml:{line}: ") and cure in message for message in done.err.splitlines()), done


def test_all_mistakes_of_all_files_come_at_once_in_order(levada):
    levada.write("a.yaml", COMPONENT.replace("command", "comand"))
    levada.write("sub/b.yaml", PIPELINE.replace("task: one", "task: ones").replace("name: add", "name: ad", 1))
    done = levada("validate", "a.yaml", "sub")
    places = [line.split(" ")[0] for line in done.err.splitlines()[:-1]]
    files = [place.partition(":")[0] for place in places]
    assert files == sorted(files)
    lines = [int(place.split(":")[1]) for place in places if place.startswith("sub")]
    assert lines == sorted(lines)
    assert {"a.yaml:10:", "sub/b.yaml:8:", "sub/b.yaml:12:"} <= set(places)
    assert done.err.splitlines()[-1].endswith("mistakes found")


def test_json_is_one_document_and_nothing_else(levada):
    levada.write("all.yaml", ALL.replace("task: one", "task: ones"))
    done = levada("validate", "all.yaml", "-o", "json")
    (error,) = json.loads(done.out)["errors"]
    assert error == {
        "file": "all.yaml",
        "line": PIPELINE_LINE + 11,
        "path": "spec.tasks[1].inputs.a.task",
        "message": "there is no task 'ones'",
        "suggestion": "one",
    }
    assert (done.code, done.err) == (2, "")


def test_json_without_mistakes(levada):
    levada.write("all.yaml", ALL)
    done = levada("validate", "all.yaml", "-o", "json")
    assert (done.code, json.loads(done.out)) == (0, {"errors": []})


def test_a_missing_file_is_named(levada):
    done = levada("validate", "nowhere.yaml")
    assert done.code == 2
    assert "nowhere.yaml:1: cannot be read: no such file or directory" in done.err


def test_stdin_folders_and_lists_are_read(levada):
    indented = "".join(f"  {line}\n" for line in RUN.splitlines()).replace("  apiVersion", "- apiVersion", 1)
    levada.write("folder/deeper/run.yaml", f"apiVersion: v1\nkind: List\nitems:\n{indented}")
    levada.write("folder/notes.txt", "not: [yaml")
    levada.write("folder/other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    done = levada("validate", "-", "folder", stdin=f"{COMPONENT}---\n{PIPELINE}")
    assert (done.code, done.err) == (0, "")
    assert "1 Component, 1 Pipeline, 1 PipelineRun" in done.out


def test_a_file_that_is_no_text(levada):
    (levada.folder / "binary.yaml").write_bytes(b"\xff\xfe\x00binary")
    done = levada("validate", "binary.yaml")
    assert done.code == 2
    assert "binary.yaml:1: the file is not UTF-8 text" in done.err
