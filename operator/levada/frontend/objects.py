"""Our objects among the documents of some files, checked each by itself and against one another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field

from levada.api.base import API_VERSION, GROUP, Model
from levada.api.fields import DnsLabel, ObjectName
from levada.frontend.documents import Document, Located
from levada.frontend.kfp.files import compiled_files
from levada.frontend.kfp.pipelines import COMPILED
from levada.frontend.mistakes import SPEC, InvalidSpecError, Mistake, Mistakes, Path, closest, shorten
from levada.frontend.native import build_run, validate_component, validate_pipeline
from levada.frontend.nulls import check_nulls
from levada.frontend.schema import check_schema
from levada.frontend.shape import mapping, without_nulls

KINDS = ("Component", "Pipeline", "PipelineRun")
RUN_NAME_LIMIT = 63


class _Metadata(Model):
    """The metadata that we read; the rest is Kubernetes' own business."""

    model_config = ConfigDict(extra="allow")

    name: ObjectName | None = None
    generate_name: str | None = None
    namespace: DnsLabel | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class _Envelope(Model):
    """What each of our objects has around its spec, which is checked by itself."""

    api_version: str
    kind: str
    metadata: _Metadata
    spec: dict[str, Any]
    status: Any = None


@dataclass(frozen=True, slots=True)
class Object:
    """A Component, Pipeline or PipelineRun in a file."""

    kind: str
    namespace: str
    name: str
    spec: dict[str, Any]
    document: Document
    is_bare: bool = False
    """Whether it is a compiled Kubeflow pipeline, which no object holds."""


def find_objects(documents: Iterable[Document], *, strict: bool = True) -> tuple[list[Object], list[Located]]:
    """Our objects, and what is wrong with the documents around their specs.

    Parameters
    ----------
    documents
        Of all files together.
    strict
        Whether a document that is no Kubernetes object at all is a mistake.
    """
    objects: list[Object] = []
    located: list[Located] = []
    bare, documents = compiled_files(documents)
    objects += (Object("Pipeline", "", name, {COMPILED: text}, document, is_bare=True) for name, text, document in bare)
    for document in _unpacked(documents):
        mistakes = Mistakes()
        found = _object(document, mistakes, strict=strict)
        located += (document.locate(mistake) for mistake in mistakes)
        if found is not None:
            objects.append(found)
    return objects, located


def _unpacked(documents: Iterable[Document]) -> Iterator[Document]:
    """The documents, and instead of a List what is in it (one level: kubectl makes no Lists of Lists)."""
    for document in documents:
        items = document.items()
        yield from [document] if items is None else items


Elsewhere = Mapping[str, Mapping[str, Any]]
"""Specs that stand in no file, by kind and name: a cluster's Components and Pipelines."""


def check_objects(objects: Iterable[Object], elsewhere: Elsewhere | None = None) -> list[Located]:
    """Every mistake in `objects`, whose references lead to others of them or `elsewhere`."""
    namespaces: dict[str, _Namespace] = {}
    located: dict[Located, None] = {}
    for item in objects:
        namespace = namespaces.setdefault(item.namespace, _Namespace(elsewhere or {}))
        located.update(dict.fromkeys(namespace.add(item)))
    for namespace in namespaces.values():
        located.update(dict.fromkeys(namespace.check()))
    return list(located)


class _Namespace:
    """The objects of one namespace, by kind and name."""

    def __init__(self, elsewhere: Elsewhere) -> None:
        self._objects: dict[str, dict[str, Object]] = {kind: {} for kind in KINDS}
        self._elsewhere = elsewhere

    def add(self, item: Object) -> Iterator[Located]:
        """Take one in, unless there is one of that name already."""
        first = self._objects[item.kind].setdefault(item.name, item)
        if first is not item:
            place = f"{first.document.file}:{first.document.root.line}"
            message = f"there is already a {item.kind} {item.name!r}, at {place}"
            yield item.document.locate(Mistake(Path(("metadata", "name")), message))

    def check(self) -> Iterator[Located]:
        components = self._specs("Component")
        pipelines = self._specs("Pipeline")
        for component in self._objects["Component"].values():
            yield from self._locate(component, validate_component(component.spec))
        for pipeline in self._objects["Pipeline"].values():
            yield from self._locate(pipeline, validate_pipeline(pipeline.name, pipeline.spec, pipelines, components))
        for run in self._objects["PipelineRun"].values():
            try:
                build_run(run.spec, pipelines, components)
            except InvalidSpecError as error:
                yield from self._locate(run, error.mistakes)

    def _specs(self, kind: str) -> Mapping[str, Any]:
        here = {name: item.spec for name, item in self._objects[kind].items()}
        return {**self._elsewhere.get(kind, {}), **here}

    def _locate(self, item: Object, mistakes: Iterable[Mistake]) -> Iterator[Located]:
        """The mistakes where they are: in `item`, or in the object that it refers to."""
        for mistake in mistakes:
            kind, _, name = mistake.path.owner.partition("/")
            owner = self._objects[kind].get(name) if kind else item
            if owner is None:  # it stands in no file: the object that refers to it is named
                yield item.document.locate(Mistake(SPEC, str(mistake)))
            else:
                yield owner.document.locate(mistake)


def _object(document: Document, mistakes: Mistakes, *, strict: bool) -> Object | None:
    try:
        written = mapping(document.root.value())
        raw = mapping(without_nulls(written, Path()))
    except InvalidSpecError as error:
        mistakes.add(Path(), error.mistakes[0].message)
        return None
    if not _is_ours(raw, mistakes, strict=strict):
        return None
    check_schema(_Envelope, raw, Path(), mistakes)
    check_nulls(raw["kind"], written.get("spec"), SPEC, mistakes)
    metadata = mapping(raw.get("metadata"))
    name = _name(document, raw["kind"], metadata, mistakes)
    if name is None or "spec" not in raw:
        return None
    return Object(raw["kind"], str(metadata.get("namespace", "")), name, mapping(raw["spec"]), document)


def _is_ours(raw: Mapping[str, Any], mistakes: Mistakes, *, strict: bool) -> bool:
    """Whether a document is one of our objects; others pass, unless they look as if they were meant to be ours."""
    kind, version = raw.get("kind"), raw.get("apiVersion")
    if kind is None and version is None:
        if strict:
            mistakes.add(Path(), _what_it_is(raw))
        return False
    group = str(version or GROUP).partition("/")[0]
    if group != GROUP:
        # Tekton has a PipelineRun too, so only a group that is nearly ours is taken for ours.
        if kind in KINDS and closest(group, [GROUP]):
            mistakes.add(Path(("apiVersion",)), f"expected {API_VERSION}, found {shorten(str(version))!r}")
        return False
    if kind not in KINDS:
        mistakes.add(Path(("kind",)), f"{GROUP} has no kind {shorten(str(kind))!r}", closest(str(kind), KINDS))
    elif version != API_VERSION:
        mistakes.add(Path(("apiVersion",)), f"expected {API_VERSION}")
    else:
        return True
    return False


def _what_it_is(raw: Mapping[str, Any]) -> str:
    if "implementation" in raw:
        return "this is a bare component: `levada component import` makes a Component of it"
    return "this is no Kubernetes object: it has neither apiVersion nor kind"


def _name(document: Document, kind: str, metadata: Mapping[str, Any], mistakes: Mistakes) -> str | None:
    """The object's name; for a run that gets it when it is created (`generateName`), one that no other has."""
    name, prefix = metadata.get("name"), metadata.get("generateName")
    if isinstance(name, str):
        if kind == "PipelineRun" and (len(name) > RUN_NAME_LIMIT or "." in name):
            place = Path(("metadata", "name"))
            mistakes.add(place, f"the name of a PipelineRun has at most {RUN_NAME_LIMIT} characters and no dots")
        return name
    if kind == "PipelineRun" and isinstance(prefix, str):
        return f"{prefix}({document.file}:{document.root.line})"
    if name is None:
        mistakes.add(Path(("metadata", "name")), "is required")
    return None
