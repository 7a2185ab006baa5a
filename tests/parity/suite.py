"""Pipelines that must do the same on every engine, with what they do.

`expected` has of each task its phase, reason and exit code, `values` some of the run's outputs, `digests` some of the
artifacts'. Everything else that can be seen is compared between the engines.
"""

from dataclasses import dataclass, field
from hashlib import sha256

BASE_IMAGE = "levada-base:test"


@dataclass(frozen=True)
class Case:
    tasks: dict
    expected: dict
    phase: str = "Succeeded"
    outputs: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    declared: list = field(default_factory=list)
    parameters: dict = field(default_factory=dict)
    digests: dict = field(default_factory=dict)


def script(text, *arguments, inputs=(), outputs=(), bind=None, env=None, **more):
    container = {"image": BASE_IMAGE, "command": ["sh", "-ec", text, "sh"], "args": list(arguments)}
    container |= {"env": env} if env else {}
    component = {"inputs": list(inputs), "outputs": list(outputs), "implementation": {"container": container}}
    return {"componentSpec": component, **({"inputs": bind} if bind else {}), **more}


def typed(name, type_, **more):
    return {"name": name, "type": type_, **more}


def of_text(text):
    return "sha256:" + sha256(text.encode()).hexdigest()


TYPES = ("String", "Integer", "Float", "Boolean", "List", "Dict")
VALUES = {
    "String": " $(HOME) $$ 'a' \"b\" ünïcode\n",
    "Integer": -9007199254740993,
    "Float": 0.1,
    "Boolean": True,
    "List": [1, "two", [3.5, None, True]],
    "Dict": {"b": 1, "a": {"x": "ü"}},
}
LISTS = [typed("all", "List[Model]"), typed("none", "List[Model]")]
OK = ("Succeeded", "", None)

CASES = {
    "values": Case(
        tasks={
            "copy": script(
                'for name in "$@"; do :; done; while [ $# -gt 0 ]; do printf %s "$1" > "$2"; shift 2; done',
                *(part for name in TYPES for part in ({"inputValue": name}, {"outputPath": name})),
                inputs=[typed(name, name) for name in TYPES],
                outputs=[typed(name, name) for name in TYPES],
                bind={name: {"parameter": name} for name in TYPES},
            ),
        },
        declared=[typed(name, name) for name in TYPES],
        parameters=VALUES,
        outputs={name: {"task": "copy", "output": name} for name in TYPES},
        values=VALUES,
        expected={"copy": OK},
    ),
    "one-number": Case(
        tasks={
            "make": script("echo ' 41 ' > \"$1\"", {"outputPath": "n"}, outputs=[typed("n", "Integer")]),
            "add": script('echo $(($1 + 1)) > "$2"', {"inputValue": "n"}, {"outputPath": "n"},
                          inputs=[typed("n", "Integer")], outputs=[typed("n", "Integer")],
                          bind={"n": {"task": "make", "output": "n"}}),
        },
        outputs={"n": {"task": "add", "output": "n"}},
        values={"n": 42},
        expected={"make": OK, "add": OK},
    ),
    "files": Case(
        tasks={
            "make": script(
                'mkdir -p "$1/deep/er"; printf a > "$1/a"; printf b > "$1/deep/er/b c"; mkdir "$1/empty";'
                'printf one > "$2"; echo "{\\"rows\\": 3}" > "${1%/*}/metadata.json"',
                {"outputPath": "folder"}, {"outputPath": "a file"},
                outputs=[typed("folder", "Dataset"), typed("a file", "Model")],
            ),
            "use": script(
                'cat "$1/a" "$1/deep/er/b c" "$2" > "$3"', {"inputPath": "folder"}, {"inputPath": "file"},
                {"outputPath": "all"}, inputs=[typed("folder", "Dataset"), typed("file", "Model")],
                outputs=[typed("all", "Artifact")],
                bind={"folder": {"task": "make", "output": "folder"}, "file": {"task": "make", "output": "a file"}},
            ),
        },
        outputs={"all": {"task": "use", "output": "all"}},
        expected={"make": OK, "use": OK},
        digests={("make", "a file"): of_text("one"), ("use", "all"): of_text("abone")},
    ),
    "failure": Case(
        tasks={
            "bad": script("echo so it goes; exit 3"),
            "needs": script("true", after=[{"task": "bad", "require": "Succeeded"}]),
            "follows": script("true", after=["bad"]),
            "other": script("true"),
        },
        phase="Failed",
        expected={
            "bad": ("Failed", "Error", 3),
            "needs": ("Skipped", "UpstreamFailed", None),
            "follows": OK,
            "other": OK,
        },
    ),
    "killed": Case(
        # A child: in a Pod the task is process 1, which no signal from within ends.
        tasks={"child": script("sh -c 'kill -9 $$' || exit $?")},
        phase="Failed",
        expected={"child": ("Failed", "Error", 137)},
    ),
    "wrong-outputs": Case(
        tasks={
            "text": script('echo abc > "$1"', {"outputPath": "n"}, outputs=[typed("n", "Integer")]),
            "nothing": script("true", {"outputPath": "n"}, outputs=[typed("n", "Integer")]),
            "nan": script('echo NaN > "$1"', {"outputPath": "x"}, outputs=[typed("x", "Float")]),
            "lost": script("true", {"outputPath": "data"}, outputs=[typed("data", "Dataset")]),
            "half": script('echo 1 > "$1"', {"outputPath": "n"}, {"outputPath": "m"},
                           outputs=[typed("n", "Integer"), typed("m", "List")]),
            "link": script('ln -s /etc/passwd "$1"', {"outputPath": "data"}, outputs=[typed("data", "Dataset")]),
        },
        phase="Failed",
        expected={
            "text": ("Failed", "InvalidOutput", 0),
            "nothing": ("Failed", "InvalidOutput", 0),
            "nan": ("Failed", "InvalidOutput", 0),
            "lost": ("Failed", "OutputMissing", 0),
            "half": ("Failed", "OutputMissing", 0),
            "link": ("Failed", "LinkOutside", 0),
        },
    ),
    "placeholders": Case(
        tasks={
            "all": script(
                'for word in "$@"; do echo "<$word>"; done > "$OUT"; echo "$MINE" >> "$OUT"',
                {"concat": ["--a=", {"inputValue": "a"}]},
                {"if": {"cond": {"isPresent": "none"}, "then": [{"inputValue": "none"}], "else": ["no none"]}},
                {"if": {"cond": {"isPresent": "a"}, "then": ["--a", {"inputValue": "a"}]}},
                inputs=[typed("a", "String", default="x y"), typed("none", "String", optional=True)],
                outputs=[typed("out", "Dataset")],
                env={"OUT": {"outputPath": "out"}, "MINE": {"concat": ["$(A) ", {"inputValue": "a"}]}},
            ),
        },
        expected={"all": OK},
        digests={("all", "out"): of_text("<--a=x y>\n<no none>\n<--a>\n<x y>\n$(A) x y\n")},
    ),
    "long-argument": Case(
        tasks={
            "argument": script("true", {"inputValue": "text"}, inputs=[typed("text", "String")],
                               bind={"text": {"parameter": "text"}}),
            "file": script('wc -c < "$1" > "$2"', {"inputPath": "text"}, {"outputPath": "n"},
                           inputs=[typed("text", "String")], outputs=[typed("n", "Integer")],
                           bind={"text": {"parameter": "text"}}),
        },
        phase="Failed",
        declared=[typed("text", "String")],
        parameters={"text": "x" * 140_000},
        outputs={"n": {"task": "file", "output": "n"}},
        values={"n": 140_000},
        expected={"argument": ("Failed", "ArgumentTooLong", None), "file": OK},
    ),
    "loops": Case(
        tasks={
            "grid": script("echo '[{\"x\": 1}, {\"x\": 3}, {\"x\": 2}]' > \"$1\"", {"outputPath": "points"},
                           outputs=[typed("points", "List")]),
            "fit": script('echo $(($1 * $1)) > "$2"; printf "model %s" "$1" > "$3"',
                          {"inputValue": "x"}, {"outputPath": "n"}, {"outputPath": "model"},
                          inputs=[typed("x", "Integer")], outputs=[typed("n", "Integer"), typed("model", "Model")],
                          forEach={"items": {"task": "grid", "output": "points"}, "as": "point", "parallelism": 2},
                          bind={"x": {"item": "point.x"}}),
            "best": script('best=0; i=0; most=-1; for n in $(echo "$1" | tr "[]," "   "); do'
                           ' if [ $n -gt $most ]; then best=$i; most=$n; fi; i=$((i + 1)); done; echo $best > "$2"',
                           {"inputValue": "ns"}, {"outputPath": "index"},
                           inputs=[typed("ns", "List")], outputs=[typed("index", "Integer")],
                           bind={"ns": {"collect": {"task": "fit", "output": "n"}}}),
            "deploy": script('exec > "$4"; cat "$1"; printf " of"; for m in "$2"/*; do printf " %s:" ${m##*/}; cat $m;'
                             ' done; printf " and %s" "$(ls -A "$3" | wc -l)"',
                             {"inputPath": "model"}, {"inputPath": "all"}, {"inputPath": "none"},
                             {"outputPath": "text"}, inputs=[typed("model", "Model"), *LISTS],
                             outputs=[typed("text", "Artifact")], when="inputs.best > 8",
                             bind={
                                 "model": {"task": "fit", "output": "model", "at": {"task": "best", "output": "index"}},
                                 "all": {"collect": {"task": "fit", "output": "model"}},
                                 "none": {"collect": {"task": "empty", "output": "model", "missing": "Omit"}},
                                 "best": {"task": "fit", "output": "n", "at": {"task": "best", "output": "index"}},
                             }),
            "empty": script('printf x > "$1"', {"outputPath": "model"}, outputs=[typed("model", "Model")],
                            inputs=[typed("n", "Integer")], bind={"n": {"item": "item"}}, when="inputs.n > 5",
                            forEach={"items": [1, 2]}),
        },
        outputs={"squares": {"collect": {"task": "fit", "output": "n"}}},
        values={"squares": [1, 9, 4]},
        expected={
            **dict.fromkeys(("grid", "fit", "fit[0]", "fit[1]", "fit[2]", "best", "deploy", "empty"), OK),
            **dict.fromkeys(("empty[0]", "empty[1]"), ("Skipped", "ConditionFalse", None)),
        },
        digests={("deploy", "text"): of_text("model 3 of 0:model 1 1:model 3 2:model 2 and 0")},
    ),
    "nested": Case(
        tasks={
            "data": script('printf data > "$1"', {"outputPath": "data"}, outputs=[typed("data", "Dataset")]),
            "train": {
                "forEach": {"matrix": {"lr": [1, 2], "depth": [3]}},
                "onFailure": "Continue",
                "inputs": {"lr": {"item": "item.lr"}, "data": {"task": "data", "output": "data"}},
                "pipelineSpec": {
                    "parameters": [typed("lr", "Integer"), typed("data", "Dataset")],
                    "tasks": [
                        {"name": "fit", **script('test $1 = 1; test "$(cat "$2")" = data; echo 7 > "$3"',
                                                 {"inputValue": "lr"}, {"inputPath": "data"}, {"outputPath": "n"},
                                                 inputs=[typed("lr", "Integer"), typed("data", "Dataset")],
                                                 outputs=[typed("n", "Integer")],
                                                 bind={"lr": {"parameter": "lr"}, "data": {"parameter": "data"}})},
                    ],
                    "finally": [
                        {"name": "tell", **script('echo "$1 $2" > "$3"', {"inputValue": "state"}, {"inputValue": "bad"},
                                                  {"outputPath": "text"}, outputs=[typed("text", "String")],
                                                  inputs=[typed("state", "String"), typed("bad", "List")],
                                                  bind={"state": {"run": "phase"}, "bad": {"run": "failures"}})},
                    ],
                    "outputs": {"n": {"task": "fit", "output": "n"}, "told": {"task": "tell", "output": "text"}},
                },
            },
        },
        outputs={
            "ns": {"collect": {"task": "train", "output": "n", "missing": "Null"}},
            "told": {"collect": {"task": "train", "output": "told"}},
        },
        values={
            "ns": [7, None],
            "told": [
                "Succeeded []\n",
                'Failed [{"path":"train[1].fit","reason":"Error","message":"exited with code 1"}]\n',
            ],
        },
        expected={
            **dict.fromkeys(("data", "train", "train[0]", "train[0].fit", "train[0].finally.tell"), OK),
            "train[1]": ("Failed", "TaskFailed", None),
            "train[1].fit": ("Failed", "Error", 1),
            "train[1].finally.tell": OK,
        },
    ),
}  # fmt: skip


def seen(tasks, outputs):
    """What is compared, of the tasks and outputs of a record or a status."""
    return {
        "tasks": {
            task["path"]: {
                "phase": task["phase"],
                "reason": task.get("reason") or "",
                "exitCode": task.get("exitCode"),
                "attempts": task.get("attempts", 0),
                "outputs": {name: _without_uri(value) for name, value in (task.get("outputs") or {}).items()},
            }
            for task in tasks
        },
        "outputs": {name: _without_uri(value) for name, value in outputs.items()},
    }


def check(case, what):
    """What was seen is what the case expects."""
    tasks = what["tasks"]
    assert {path: (task["phase"], task["reason"], task["exitCode"]) for path, task in tasks.items()} == case.expected
    for name, value in case.values.items():
        assert what["outputs"][name] == value, name
    for (task, output), digest in case.digests.items():
        assert tasks[task]["outputs"][output]["digest"] == digest


def _without_uri(value):
    is_artifact = isinstance(value, dict) and "uri" in value
    return {key: item for key, item in value.items() if key != "uri"} if is_artifact else value
