"""Kubeflow's component files as Components: `component.yaml`, and a compiled file that runs one component."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from levada.api.base import API_VERSION
from levada.frontend.component_spec import component_spec
from levada.frontend.documents import Document, Located, Node
from levada.frontend.kfp.files import compiled_files, object_name
from levada.frontend.kfp.pipelines import COMPILED
from levada.frontend.mistakes import SPEC, InvalidSpecError, Mistakes, Path
from levada.frontend.native import build_graph, validate_component
from levada.frontend.shape import mapping, without_nulls
from levada.graph.model import Component, Task
from levada.graph.policies import NO_RETRY

_LONGEST_TEXT = 4096
_CONSTANTS = {"true": True, "false": False}
_CURES = (
    (("graph",), "a component made of others is not supported: write a Pipeline whose tasks run them"),
    (
        ("container", "fileOutputs"),
        "paths that are fixed in the image are not supported: give the program {outputPath: <output>} as an argument",
    ),
)
Spec = dict[str, Any]


def import_components(documents: Iterable[Document], name: str) -> tuple[list[Spec], list[Located]]:
    """The Components that the documents of one file describe, and what is wrong with them.

    Parameters
    ----------
    documents
        Of one file.
    name
        What a component is called that has no name itself.
    """
    compiled, rest = compiled_files(documents)
    found: list[Spec] = []
    located: list[Located] = []
    for called, text, document in compiled:
        mistakes = Mistakes()
        found.append(component_object(called, _from_compiled(text, mistakes)))
        located += (document.locate(mistake) for mistake in mistakes)
    for document in rest:
        # What is said of the spec has its line in the file, which is the spec.
        placed = Document(document.file, Node(document.root.line, {"spec": document.root}), unwritten=1)
        mistakes = Mistakes()
        called, spec = _from_component_file(document.root.value(), mistakes)
        if not mistakes and not object_name(called or name):
            mistakes.add(SPEC, "the component has no name that an object could have: give it one by --name")
        found.append(component_object(called or name, spec))
        located += (placed.locate(mistake) for mistake in mistakes)
    return found, located


def component_object(name: str, spec: Mapping[str, Any]) -> Spec:
    """A Component whose name is `name` as objects may be called."""
    metadata = {"name": object_name(name)}
    return {"apiVersion": API_VERSION, "kind": "Component", "metadata": metadata, "spec": dict(spec)}


def _from_compiled(text: str, mistakes: Mistakes) -> Spec:
    """The spec of the one component that a compiled file runs."""
    try:
        graph = build_graph({COMPILED: text}, {}, {})
    except InvalidSpecError as error:
        mistakes.add_all(error.mistakes)
        return {}
    place = SPEC / COMPILED / "root" / "dag" / "tasks"
    tasks = list(graph.tasks.values())
    if len(tasks) != 1 or not isinstance(tasks[0].body, Component):
        what = "a pipeline" if len(tasks) != 1 else "a graph"
        mistakes.add(place, f"this is {what}, not one component: `levada run` takes the file as it is")
        return {}
    for field in _own_settings(tasks[0]):
        mistakes.add(place / tasks[0].name, f"{field} belongs to the task and not to a component: take it out")
    spec = component_spec(tasks[0].body, place / tasks[0].name, mistakes)
    if not mistakes:
        for mistake in validate_component(spec):  # its places are those of the Component, which nobody has seen
            mistakes.add(place / tasks[0].name, f"as a Component: {mistake}")
    return spec


def _own_settings(task: Task) -> Iterator[str]:
    """What is said of the one task that a Component, which any task may run, does not have."""
    settings = {
        "the condition": task.when,
        "the loop": task.loop,
        "the retry policy": task.retry != NO_RETRY,
        "what is said of Kubernetes": task.pod or task.bound_pod or task.timeout,
    }
    return (name for name, setting in settings.items() if setting)


def _from_component_file(written: Any, mistakes: Mistakes) -> tuple[str, Spec]:
    """The name and the spec of a `component.yaml`."""
    try:
        raw = mapping(without_nulls(written, Path()))
    except InvalidSpecError as error:
        mistakes.add(SPEC, error.mistakes[0].message)
        return "", {}
    if "kind" in raw or "implementation" not in raw:
        what = f"a {raw['kind']}" if "kind" in raw else "no component"
        mistakes.add(SPEC, f"this is {what}: expected a component.yaml (name, inputs, outputs, implementation)")
        return "", {}
    spec = {key: _shortened(value) for key, value in raw.items() if key not in ("name", "metadata")}
    for key in ("inputs", "outputs"):
        if isinstance(raw.get(key), list):
            spec[key] = [_passing_over(item) for item in raw[key]]
    container = mapping(mapping(raw["implementation"]).get("container"))
    if container:
        settled = {field: _settled(container[field]) for field in ("command", "args") if field in container}
        spec["implementation"] = {**raw["implementation"], "container": container | settled}
    _note_cures(raw, mistakes)
    if not mistakes:
        mistakes.add_all(validate_component(spec))
    return object_name(str(raw.get("name", ""))), spec


def _note_cures(raw: Mapping[str, Any], mistakes: Mistakes) -> None:
    for steps, cure in _CURES:
        inside: Any = raw["implementation"]
        for step in steps:
            inside = mapping(inside).get(step)
        if inside:
            mistakes.add((SPEC / "implementation").descend(steps), cure)


def _passing_over(item: Any) -> Any:
    """An input or output without what is for other programs."""
    if not isinstance(item, dict):
        return item
    return {key: _shortened(value) for key, value in item.items() if key != "annotations"}


def _shortened(value: Any) -> Any:
    """A description at the length that objects may have."""
    return value[: _LONGEST_TEXT - 3] + "..." if isinstance(value, str) and len(value) > _LONGEST_TEXT else value


def _settled(arguments: Any) -> Any:
    """The arguments with the conditions decided that are written out, such as `cond: true`."""
    if isinstance(arguments, dict):
        return {key: _settled(value) for key, value in arguments.items()}
    if not isinstance(arguments, list):
        return arguments
    settled: list[Any] = []
    for item in arguments:
        choice = mapping(mapping(item).get("if"))
        decided = _CONSTANTS.get(str(choice.get("cond")).lower())
        if decided is None:
            settled.append(_settled(item))
        else:
            branch = choice.get("then" if decided else "else", [])
            settled += _settled(branch if isinstance(branch, list) else [branch])
    return settled
