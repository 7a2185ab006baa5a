"""Compiled Kubeflow pipelines among the documents of some files."""

import json
import re
from collections.abc import Iterable, Iterator

from levada.frontend.documents import Document, Node, is_compiled
from levada.frontend.kfp.documents import PIPELINE, PLATFORMS
from levada.frontend.kfp.pipelines import COMPILED
from levada.frontend.shape import mapping

_NO_NAME = "pipeline"
_LONGEST = 50


def compiled_files(documents: Iterable[Document]) -> tuple[list[tuple[str, str, Document]], list[Document]]:
    """The compiled pipelines, each as its name, its text and a document in which it is below `spec.kfp`; and the rest.

    A pipeline and its settings for Kubernetes are two documents of one file.
    """
    by_file: dict[str, list[Document]] = {}
    rest: list[Document] = []
    for document in documents:
        if is_compiled(document.root.value()):
            by_file.setdefault(document.file, []).append(document)
        else:
            rest.append(document)
    return [found for parts in by_file.values() for found in _pipelines(parts)], rest


def _pipelines(parts: list[Document]) -> Iterator[tuple[str, str, Document]]:
    """Each pipeline of a file; with it all documents of the file that are none."""
    values = [mapping(part.root.value()) for part in parts]
    others = [index for index, value in enumerate(values) if set(value) == {PLATFORMS}]
    for first in (index for index in range(len(parts)) if index not in others):
        belonging = [first, *others]
        text = "\n---\n".join(json.dumps(values[index], ensure_ascii=False) for index in belonging)
        name = str(mapping(values[first].get(PIPELINE)).get("name") or _NO_NAME)
        yield object_name(name) or _NO_NAME, text, _below_spec(parts[first], [parts[index] for index in belonging])
    if len(others) == len(parts):
        first = others[0]
        yield _NO_NAME, json.dumps(values[first], ensure_ascii=False), _below_spec(parts[first], [parts[first]])


def _below_spec(first: Document, parts: list[Document]) -> Document:
    """The documents as if they stood in an object, so that what is said of `spec.kfp` has its line."""
    content = {key: node for part in parts for key, node in part.root.content.items()}
    whole = Node(first.root.line, content)
    spec = Node(first.root.line, {COMPILED: whole})
    return Document(first.file, Node(first.root.line, {"spec": spec}), unwritten=2)


def object_name(name: str) -> str:
    """A name as objects may be called; empty where nothing of it may stay."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:_LONGEST].strip("-")
