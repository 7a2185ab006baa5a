"""Compiled files as native objects, or the reasons for which they are none."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from levada.api.base import API_VERSION
from levada.frontend.convert.equality import differences, settled
from levada.frontend.convert.pipelines import PipelineWriter, unsayable
from levada.frontend.documents import Document, Located, read_documents
from levada.frontend.kfp.documents import PIPELINE
from levada.frontend.kfp.files import compiled_files
from levada.frontend.kfp.pipelines import COMPILED
from levada.frontend.mistakes import SPEC, InvalidSpecError, Mistake, Mistakes, Path, Step
from levada.frontend.native import build_graph
from levada.frontend.objects import find_objects
from levada.frontend.shape import mapping
from levada.frontend.yaml_text import yaml_text
from levada.graph.model import Graph

Spec = dict[str, Any]
_PLACE = SPEC / COMPILED / "root" / "dag" / "tasks"


def convert(documents: Iterable[Document]) -> tuple[list[Spec], list[Located]]:
    """The Components and Pipelines that do what the compiled pipelines in `documents` do, and what is wrong.

    What is printed is read again, and what it means is compared with what the document means: whatever differs is a
    mistake that names the task.
    """
    compiled, rest = compiled_files(documents)
    objects: list[Spec] = []
    located = [
        document.locate(Mistake(SPEC, "this is no pipeline that kfp.compiler wrote: there is nothing to convert"))
        for document in rest
    ]
    for name, text, document in compiled:
        mistakes = Mistakes()
        try:
            graph = settled(build_graph({COMPILED: text}, {}, {}))
            objects += _objects(name, graph, _description(document), mistakes)
        except InvalidSpecError as error:
            mistakes.add_all(error.mistakes)
        located += (document.locate(mistake) for mistake in mistakes)
    return objects, located


def _objects(name: str, graph: Graph, description: str, mistakes: Mistakes) -> list[Spec]:
    """Components and Pipeline of a graph."""
    writer = PipelineWriter(name, _PLACE, mistakes)
    spec = writer.write(graph)
    if description:
        spec = {"description": description} | spec
    objects = [_object("Component", called, found) for called, found in writer.components.items()]
    objects.append(_object("Pipeline", name, spec))
    if not mistakes:
        for path, what in _not_the_same(graph, objects, writer.used_by):
            mistakes.add(_PLACE, unsayable(path, what))
    return objects


def _object(kind: str, name: str, spec: Spec) -> Spec:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _not_the_same(graph: Graph, objects: list[Spec], used_by: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Task by task, what another reader of the printed objects would not see as it is in `graph`."""
    documents, unreadable = read_documents("", yaml_text(objects).encode())
    read, misplaced = find_objects(documents)
    if unreadable or misplaced:
        yield from (("", f"{mistake.path}: {mistake.message}") for mistake in [*unreadable, *misplaced])
        return
    [pipeline] = [item for item in read if item.kind == "Pipeline"]
    components = {item.name: item.spec for item in read if item.kind == "Component"}
    try:
        again = build_graph(pipeline.spec, {}, components, name=pipeline.name)
    except InvalidSpecError as error:
        yield from (_about(mistake, pipeline.spec, used_by) for mistake in error.mistakes)
        return
    yield from ((path, f"its {what} would not be the same") for path, what in differences(graph, settled(again)))


def _about(mistake: Mistake, spec: Mapping[str, Any], used_by: Mapping[str, str]) -> tuple[str, str]:
    """The path of the task that a mistake in a printed object is about, and what is wrong with it, where."""
    names: list[str] = []
    rest: tuple[Step, ...] = mistake.path.steps
    current: Any = {"spec": spec}
    for index, step in enumerate(mistake.path.steps):
        current = mapping(current).get(step) if isinstance(step, str) else current[step]
        if isinstance(step, int) and mistake.path.steps[index - 1] in ("tasks", "finally"):
            names.append(str(mapping(current).get("name")))
            rest = mistake.path.steps[index + 1 :]
    task = used_by.get(mistake.path.owner.removeprefix("Component/"), ".".join(names))
    return task, f"{Path(rest)}: {mistake.explanation}"


def _description(document: Document) -> str:
    written = mapping(mapping(mapping(document.root.value()).get("spec")).get(COMPILED))
    return str(mapping(written.get(PIPELINE)).get("description") or "")
