"""Small pipelines, one for each thing that a document can say."""

from typing import Dict, List, NamedTuple, Optional

from kfp import dsl
from kfp.dsl import (
    Artifact,
    ClassificationMetrics,
    Dataset,
    Input,
    Metrics,
    Model,
    Output,
    OutputPath,
    PipelineTaskFinalStatus,
)


@dsl.component
def say(text: str) -> str:
    return text


@dsl.component
def add(a: int, b: int = 1) -> int:
    return a + b


@dsl.component
def fail(text: str = ""):
    raise SystemExit(3)


@dsl.component
def every_kind(i: int, f: float, b: bool, s: str, ls: List[int], d: Dict[str, int]) -> str:
    return repr((i, f, b, s, ls, d))


@dsl.pipeline
def parameters_of_every_kind(
    i: int = 2,
    f: float = 0.5,
    b: bool = True,
    s: str = "a b",
    ls: list = [1, 2],
    d: dict = {"k": 1},
) -> str:
    return every_kind(i=i, f=f, b=b, s=s, ls=ls, d=d).output


@dsl.component
def maybe(a: str, b: Optional[str] = None, c: int = 7) -> str:
    return f"{a} {b} {c}"


@dsl.pipeline
def optional_inputs(given: str = "x", left_out: Optional[str] = None) -> str:
    return maybe(a=given, b=left_out).output


@dsl.component
def several() -> NamedTuple("Several", [("number", int), ("words", List[str])]):
    from collections import namedtuple

    return namedtuple("Several", ["number", "words"])(4, ["a", "b"])


@dsl.pipeline
def several_outputs() -> int:
    made = several()
    return add(a=made.outputs["number"]).output


@dsl.component
def write(rows: int, data: Output[Dataset], model: Output[Model], note: OutputPath(str)):
    with open(data.path, "w") as file:
        file.write("x" * rows)
    import os

    os.makedirs(model.path)
    with open(os.path.join(model.path, "weights"), "w") as file:
        file.write("w")
    data.metadata["rows"] = rows
    model.metadata["kinds"] = ["a", {"b": True}]
    with open(note, "w") as file:
        file.write("noted\n")


@dsl.component
def read(data: Input[Dataset], model: Input[Model], note: str) -> str:
    import os

    weights = open(os.path.join(model.path, "weights")).read()
    return f"{len(open(data.path).read())} {data.metadata['rows']} {model.metadata['kinds']} {weights} {note!r}"


@dsl.pipeline
def artifacts_and_notes() -> str:
    made = write(rows=3)
    return read(data=made.outputs["data"], model=made.outputs["model"], note=made.outputs["note"]).output


@dsl.component
def measure(scores: Output[Metrics], matrix: Output[ClassificationMetrics]):
    scores.log_metric("accuracy", 0.9)
    matrix.log_confusion_matrix(["a", "b"], [[1, 2], [3, 4]])


@dsl.pipeline
def metrics_without_files() -> Metrics:
    return measure().outputs["scores"]


@dsl.component
def returns_artifact(text: str) -> Dataset:
    made = Dataset(uri=dsl.get_uri(suffix="here"), metadata={"text": text})
    with open(made.path, "w") as file:
        file.write(text)
    return made


@dsl.component
def length(data: Dataset) -> int:
    return len(open(data.path).read())


@dsl.pipeline
def artifacts_as_results() -> int:
    return length(data=returns_artifact(text="four").output).output


@dsl.container_component
def shell(text: str, made: dsl.OutputPath(str), data: Output[Artifact]):
    return dsl.ContainerSpec(
        image="alpine",
        command=["sh", "-ec", 'mkdir -p "$(dirname "$1")" "$(dirname "$2")"; printf %s "$0" > "$1"; echo "$0" > "$2"'],
        args=[text, made, data.path],
    )


@dsl.container_component
def printer(first: str, made: dsl.OutputPath(str), second: Optional[str] = None):
    return dsl.ContainerSpec(
        image="alpine",
        command=["sh", "-ec", 'mkdir -p "$(dirname "$0")"; echo "$@" > "$0"', made],
        args=[
            dsl.ConcatPlaceholder(["<", first, ">"]),
            dsl.IfPresentPlaceholder(input_name="second", then=["second", second], else_=["none"]),
        ],
    )


@dsl.pipeline
def container_pipeline(text: str = "$(HOME) 'q'") -> str:
    made = shell(text=text)
    return say(text=made.outputs["made"]).output


@dsl.pipeline
def placeholders() -> str:
    one = printer(first="a")
    two = printer(first="b", second="c d")
    return say(text=f"{one.outputs['made']}|{two.outputs['made']}").output


@dsl.pipeline
def conditions(number: int = 7) -> str:
    with dsl.If(number > 10):
        big = say(text="big")
    with dsl.Elif(number > 5):
        middle = say(text="middle")
    with dsl.Else():
        small = say(text="small")
    return dsl.OneOf(big.output, middle.output, small.output)


@dsl.pipeline
def nested_conditions(flag: bool = True, word: str = "go") -> str:
    with dsl.If(flag == True):
        with dsl.If(word == "go"):
            yes = say(text="went")
        with dsl.Else():
            no = say(text="stayed")
        chosen = say(text=dsl.OneOf(yes.output, no.output))
    with dsl.Else():
        other = say(text="off")
    return dsl.OneOf(chosen.output, other.output)


@dsl.component
def total(numbers: List[int]) -> int:
    return sum(numbers)


@dsl.component
def numbers_up_to(n: int) -> List[int]:
    return list(range(1, n + 1))


@dsl.pipeline
def loops_in_loops(n: int = 3) -> int:
    with dsl.ParallelFor([10, 20], parallelism=1) as outer:
        with dsl.ParallelFor(numbers_up_to(n=n).output) as inner:
            sums = add(a=outer, b=inner)
        inside = total(numbers=dsl.Collected(sums.output))
    return total(numbers=dsl.Collected(inside.output)).output


@dsl.component
def sentence(name: str, age: str) -> str:
    return f"{name} is {age}"


@dsl.component
def join(words: List[str]) -> str:
    return ", ".join(words)


@dsl.pipeline
def loop_over_maps() -> str:
    with dsl.ParallelFor([{"who": "a", "age": "1"}, {"who": "b", "age": "2"}]) as person:
        said = sentence(name=person.who, age=person.age)
    return join(words=dsl.Collected(said.output)).output


@dsl.pipeline
def empty_loop(items: list = []) -> int:
    with dsl.ParallelFor(items) as item:
        more = add(a=item)
    return total(numbers=dsl.Collected(more.output)).output


@dsl.component
def all_lengths(data: List[Dataset]) -> int:
    return sum(len(open(one.path).read()) for one in data)


@dsl.pipeline
def collected_artifacts() -> int:
    with dsl.ParallelFor(["a", "bb"]) as text:
        made = returns_artifact(text=text)
    return all_lengths(data=dsl.Collected(made.output)).output


@dsl.pipeline
def inner(a: int, b: int = 5) -> int:
    return add(a=add(a=a, b=b).output).output


@dsl.pipeline
def pipelines_in_pipelines(a: int = 1) -> int:
    return inner(a=inner(a=a).output, b=a).output


@dsl.component
def tell(status: PipelineTaskFinalStatus, word: str) -> str:
    return f"{word} {status.state} {status.pipeline_task_name}"


@dsl.pipeline
def exit_handler():
    last = tell(word="ended")
    with dsl.ExitHandler(last, name="guarded"):
        fail()
        say(text="beside")


@dsl.pipeline
def ignored_failure():
    first = fail()
    say(text="after").after(first).ignore_upstream_failure()


@dsl.pipeline
def dependents_of_a_failure():
    say(text="never").after(fail())


@dsl.pipeline
def retries_and_settings():
    task = say(text="set").set_retry(num_retries=2, backoff_duration="1s", backoff_factor=2, backoff_max_duration="5s")
    task.set_cpu_limit("500m").set_memory_request("64Mi").set_env_variable("WORD", "b").set_caching_options(False)
    task.set_display_name("Called otherwise")


@dsl.component
def describe(data: Input[Dataset]) -> str:
    return str(data.metadata["from"]) + str(len(open(data.path).read()) > 0)


@dsl.pipeline
def importer_of_a_file(uri: str = "file:///etc/hostname") -> str:
    imported = dsl.importer(artifact_uri=uri, artifact_class=Dataset, metadata={"from": "here"})
    return describe(data=imported.output).output


@dsl.pipeline
def facts_of_the_run() -> str:
    return say(text=f"{dsl.PIPELINE_JOB_NAME_PLACEHOLDER}/{dsl.PIPELINE_TASK_NAME_PLACEHOLDER}").output


@dsl.component(packages_to_install=["wheel"])
def with_package() -> bool:
    import wheel

    return bool(wheel.__version__)


@dsl.pipeline
def packages() -> bool:
    return with_package().output


EXPECTED = {
    "parameters_of_every_kind": (
        ("root parameters", "defaults", "constants", "all parameter types"),
        "(2, 0.5, True, 'a b', [1, 2], {'k': 1})",
    ),
    "optional_inputs": (("optional parameters",), "x None 7"),
    "several_outputs": (("several outputs",), 5),
    "artifacts_and_notes": (
        ("artifacts", "metadata of artifacts", "folders as artifacts", "files of parameters"),
        "3 3 ['a', {'b': True}] w 'noted\\n'",
    ),
    "metrics_without_files": (
        ("artifacts that were not made", "root outputs"),
        {"type": "system.Metrics", "metadata": {"accuracy": 0.9}, "content": None},
    ),
    "artifacts_as_results": (("get_uri", "artifacts as results"), 4),
    "container_pipeline": (("container components", "input and output placeholders"), "$(HOME) 'q'"),
    "placeholders": (("Concat", "IfPresent", "constants with placeholders"), "<a> none\n|<b> second c d\n"),
    "conditions": (("If, Elif, Else", "OneOf"), "middle"),
    "nested_conditions": (("nested conditions", "OneOf"), "went"),
    "loops_in_loops": (("nested loops", "loops over outputs", "parallelism", "Collected parameters"), 102),
    "loop_over_maps": (("fields of a loop's item",), "a is 1, b is 2"),
    "empty_loop": (("empty loops",), 0),
    "collected_artifacts": (("Collected artifacts", "lists of artifacts"), 3),
    "pipelines_in_pipelines": (("pipelines in pipelines",), 9),
    "exit_handler": (("exit handlers", "final status"), None),
    "ignored_failure": (("ignore_upstream_failure",), None),
    "dependents_of_a_failure": (("dependencies",), None),
    "retries_and_settings": (("retries", "resources", "environment variables", "caching off"), None),
    "importer_of_a_file": (("importer", "importer metadata", "importer from a parameter"), "hereTrue"),
    "facts_of_the_run": (("run and task placeholders",), "run/say"),
    "packages": (("packages to install",), True),
}
"""For each pipeline what it tests, and its output."""
PHASES = dict.fromkeys(("exit_handler", "ignored_failure", "dependents_of_a_failure"), "Failed")
TASKS = {
    "exit_handler": {"tell": {"Output": "ended FAILED exit-handler-1"}, "exit-handler-1.say": {"Output": "beside"}},
    "ignored_failure": {"say": {"Output": "after"}},
    "dependents_of_a_failure": {"say": {}},
}
