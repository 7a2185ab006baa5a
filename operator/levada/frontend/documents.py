"""YAML and JSON files as kubectl reads them, with the line of everything in them.

The parser is libyaml, of which Go's yaml.v2 is a translation; what its scalars mean is in `scalars`. Nothing is
constructed but JSON values, aliases are bounded, and everything that is wrong is reported with its line.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from levada.frontend.mistakes import Mistake, Path, Step, shorten
from levada.frontend.scalars import AmbiguousScalarError, resolve

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 64
MAX_NODES = 1_000_000
"""Values in one document, what aliases repeat counted each time: a bomb of nine aliases has billions."""

_PAIR = re.compile(r"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|.)")
_RARE_BREAK = re.compile("[\x85\u2028\u2029]")

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TAG = "tag:yaml.org,2002:"
_TYPES: dict[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}


@dataclass(frozen=True, slots=True)
class Located:
    """A mistake with its place in a file."""

    file: str
    line: int
    path: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " + (f"{self.path}: " if self.path else "")
        return place + self.message + (f" (did you mean {self.suggestion!r}?)" if self.suggestion else "")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line where it (or its key) begins; `size` and `height` count the values and levels in it."""

    line: int
    content: Any
    size: int = 1
    height: int = 0

    def value(self) -> Any:
        """The plain JSON value."""
        if isinstance(self.content, dict):
            return {key: node.value() for key, node in self.content.items()}
        if isinstance(self.content, list):
            return [node.value() for node in self.content]
        return self.content


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file, or one item of a List in it, which stands at `at`.

    The first `unwritten` steps of places in it do not stand in the file.
    """

    file: str
    root: Node
    at: tuple[Step, ...] = ()
    unwritten: int = 0

    def locate(self, mistake: Mistake) -> Located:
        """`mistake` with the line of its key or value, or of the nearest thing around it that exists."""
        node = self.root
        for step in mistake.path.steps:
            child = _child(node, step)
            if child is None:
                break
            node = child
        place = Path((*self.at, *mistake.path.steps[self.unwritten :]))
        return Located(self.file, node.line, str(place), mistake.message, mistake.suggestion)

    def items(self) -> "list[Document] | None":
        """The objects of a Kubernetes List; None when this is none."""
        content = self.root.content if isinstance(self.root.content, dict) else {}
        kind, items = content.get("kind"), content.get("items")
        if kind is None or kind.content != "List" or items is None or not isinstance(items.content, list):
            return None
        return [Document(self.file, item, (*self.at, "items", index)) for index, item in enumerate(items.content)]


def _child(node: Node, step: Step) -> Node | None:
    content = node.content
    if isinstance(content, dict):
        return content.get(step)
    if isinstance(content, list) and isinstance(step, int) and step < len(content):
        return content[step]  # type: ignore[no-any-return]  # a Node, as in the map
    return None


def is_compiled(content: Any) -> bool:
    """Whether a document, or what is in its node, looks as if it were of a pipeline that Kubeflow's compiler wrote."""
    keys = content.keys() if isinstance(content, dict) else set()
    if "kind" in keys or "apiVersion" in keys:
        return False
    return bool({"pipelineInfo", "platforms"} & keys) or {"deploymentSpec", "root"} <= keys


def is_bare_component(content: Any) -> bool:
    """Whether a document, or what is in its node, looks as if it were Kubeflow's `component.yaml`."""
    return isinstance(content, dict) and "implementation" in content and not {"kind", "apiVersion"} & content.keys()


def read_documents(file: str, data: bytes) -> tuple[list[Document], list[Located]]:
    """The documents of one file, up to the first that cannot be read, and everything that is wrong with their YAML.

    Parameters
    ----------
    file
        Its name, for messages.
    data
        Its content.
    """
    if len(data) > MAX_BYTES:
        return [], [Located(file, 1, "", f"the file is larger than {MAX_BYTES // 2**20} MiB")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [Located(file, data.count(b"\n", 0, error.start) + 1, "", "the file is not UTF-8 text")]
    reader = _Reader(file, _json_as_yaml(text) if text.lstrip().startswith("{") else text)
    documents: list[Document] = []
    try:
        documents.extend(reader.documents())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        reader.report(mark.line + 1 if mark else 1, (), f"this is not YAML: {problem}{_tab_hint(text, mark)}")
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        reader.report(line, (), "this is not YAML: a character that YAML does not allow")
    except _UnreadableError as error:
        reader.report(error.line, error.path, error.message)
    return documents, reader.mistakes


def _json_as_yaml(text: str) -> str:
    """JSON in which what YAML reads otherwise is written as YAML reads it: surrogate pairs, and rare line breaks."""
    text = _PAIR.sub(lambda match: json.loads(f'"{match[0]}"') if match[1] else match[0], text)
    return _RARE_BREAK.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _tab_hint(text: str, mark: Any) -> str:
    line = next(iter(text.splitlines()[mark.line :]), "") if mark else ""
    return " (there is a tab; YAML indents with spaces)" if "\t" in line[: len(line) - len(line.lstrip())] else ""


class _UnreadableError(Exception):
    """Something after which reading on makes no sense."""

    def __init__(self, line: int, path: tuple[Step, ...], message: str) -> None:
        super().__init__(message)
        self.line, self.path, self.message = line, path, message


@dataclass
class _Reader:
    """Builds nodes from the parser's events."""

    file: str
    text: str
    mistakes: list[Located] = field(default_factory=list)
    _anchors: dict[str, Node] = field(default_factory=dict)
    _letters: list[Located] = field(default_factory=list)
    _nodes: int = 0

    def report(self, line: int, path: Sequence[Step], message: str) -> None:
        self.mistakes.append(Located(self.file, line, str(Path(tuple(path))), message))

    def documents(self) -> Iterator[Document]:
        events = iter(yaml.parse(self.text, Loader=_LOADER))
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors, self._letters, self._nodes = {}, [], 0
                root = self._node(next(events), events, ())
                if not (is_compiled(root.content) or is_bare_component(root.content)):
                    self.mistakes += self._letters
                if root.content is not None:
                    yield Document(self.file, root)

    def _node(self, event: Any, events: Iterator[Any], path: tuple[Step, ...]) -> Node:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            node = self._anchors.get(event.anchor or "")
            if node is None:
                raise _UnreadableError(line, path, f"there is no anchor &{event.anchor} before this alias")
            self._count(node.size, node.height, line, path)
            return node
        self._count(1, 0, line, path)
        if isinstance(event, yaml.ScalarEvent):
            node = Node(line, self._scalar(event, line, path))
        elif event.tag not in (None, "!", _TAG + ("map" if isinstance(event, yaml.MappingStartEvent) else "seq")):
            raise _UnreadableError(line, path, f"the tag {_shown(event.tag)} is not supported")
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(events, line, path)
        else:
            node = self._mapping(events, line, path)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _count(self, size: int, height: int, line: int, path: tuple[Step, ...]) -> None:
        self._nodes += size
        if self._nodes > MAX_NODES:
            raise _UnreadableError(line, (), f"the document has more than {MAX_NODES:,} values")
        if len(path) + height > MAX_DEPTH:
            raise _UnreadableError(line, (), f"the document is nested deeper than {MAX_DEPTH} levels")

    def _sequence(self, events: Iterator[Any], line: int, path: tuple[Step, ...]) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, (*path, len(items))))
        return _collection(line, items, items)

    def _mapping(self, events: Iterator[Any], line: int, path: tuple[Step, ...]) -> Node:
        entries: dict[str, Node] = {}
        merged: list[Node] = []
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key_line = event.start_mark.line + 1
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                merged += self._merged(self._node(next(events), events, (*path, "<<")), key_line, path)
                continue
            key = self._key(event, key_line, path)
            node = self._node(next(events), events, (*path, key))
            if key in entries:
                self.report(key_line, (*path, key), f"the key is already given in line {entries[key].line}")
            else:
                entries[key] = Node(key_line, node.content, node.size, node.height)
        for node in merged:
            entries = node.content | entries
        return _collection(line, entries, list(entries.values()))

    def _merged(self, node: Node, line: int, path: tuple[Step, ...]) -> list[Node]:
        """The maps that a merge key `<<` adds, the one that counts most first."""
        nodes = node.content if isinstance(node.content, list) else [node]
        if any(not isinstance(other.content, dict) for other in nodes):
            raise _UnreadableError(line, path, "<< merges a map or a list of maps")
        return nodes

    def _key(self, event: Any, line: int, path: tuple[Step, ...]) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _UnreadableError(line, path, "a key must be a simple scalar")
        value = self._scalar(event, line, (*path, event.value))
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None or isinstance(value, float):
            self.report(line, path, f'{event.value or "an empty key"} cannot be a key: quote it ("{event.value}")')
            return str(event.value)
        return str(value)

    def _scalar(self, event: Any, line: int, path: tuple[Step, ...]) -> Any:
        text: str = event.value
        tag = event.tag
        if tag in ("!", _TAG + "str") or (tag is None and not event.implicit[0]):
            return text
        try:
            value = resolve(text)
        except AmbiguousScalarError as error:
            taker = self._letters if error.is_letter else self.mistakes
            taker.append(Located(self.file, line, str(Path(path)), str(error)))
            return text
        if tag is None:
            return value
        wanted = _TYPES.get(tag.removeprefix(_TAG))
        if wanted is None:
            raise _UnreadableError(line, path, f"the tag {_shown(tag)} is not supported")
        if type(value) is not wanted and (type(value), wanted) != (int, float):
            self.report(line, path, f"{shorten(text)!r} is no {_shown(tag)}")
        return value


def _collection(line: int, content: Any, children: list[Node]) -> Node:
    height = 1 + max((child.height for child in children), default=0)
    return Node(line, content, 1 + sum(child.size for child in children), height)


def _shown(tag: str) -> str:
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
