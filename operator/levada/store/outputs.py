"""Taking an attempt's outputs after its task ended: first all are checked, then all are stored.

So a task that forgot its last output is told at once, not after an hour of uploads, and nothing of a broken attempt
is stored.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from levada.graph.types import STRING, ValueMismatchError, as_text, parse_text
from levada.planner.handoff import NOTHING, ArtifactRecord, CollectOutput, OutputRecord
from levada.planner.locations import output_uri
from levada.store.answer import ANSWER, Answer, find_claimed, read_answer
from levada.store.errors import (
    InputGoneError,
    InvalidOutputError,
    OutputMissingError,
    StoreDeniedError,
    StoreError,
    UnverifiableError,
)
from levada.store.fingerprint import fingerprint
from levada.store.inputs import make_folders
from levada.store.links import FoundOutput, find_output
from levada.store.text import METADATA_LIMIT, read_text
from levada.store.transfer import upload_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from levada.store.stores import Stores
    from levada.store.transfer import Progress

PARAMETER_LIMIT: Final = 512 << 10
"""Bytes of all parameters that one task makes: they pass through ConfigMaps, which hold 1 MiB."""

METADATA: Final = "metadata.json"

Homes = dict[str, Path]
"""Of each output with a path, the real path of its folder, taken before the task could replace it by a link."""


@dataclass(frozen=True, slots=True)
class CheckedOutput:
    """An output that is as declared and waits to be stored: a parameter's `text`, or an artifact's files.

    An artifact of Kubeflow's may have none, or stand at a URI that the task has named itself.
    """

    declared: CollectOutput
    text: str | None = None
    found: FoundOutput | None = None
    metadata: dict[str, Any] | None = None
    elsewhere: str | None = None

    @property
    def size(self) -> int:
        """Bytes to upload."""
        return self.found.size if self.found else 0


def prepare(outputs: Iterable[CollectOutput], answer: str | None = None) -> Homes:
    """Create the folder of every output and of the `answer`, writable for all: the task may run as any user."""
    homes: Homes = {}
    for name, path in _paths(outputs, answer):
        folder = Path(path).parent
        make_folders(folder)
        with suppress(PermissionError):  # Not ours: whoever made it says who may write there.
            folder.chmod(0o777)
        homes[name] = Path(os.path.realpath(folder))
    return homes


def find_homes(outputs: Iterable[CollectOutput], answer: str | None = None) -> Homes:
    """The folders that `prepare` made, again."""
    return {name: Path(os.path.realpath(Path(path).parent)) for name, path in _paths(outputs, answer)}


def _paths(outputs: Iterable[CollectOutput], answer: str | None) -> Iterator[tuple[str, str]]:
    if answer is not None:
        yield ANSWER, answer
    yield from ((output.name, output.path) for output in outputs if output.path is not None)


def check(outputs: Iterable[CollectOutput], homes: Homes, answer: str | None = None) -> list[CheckedOutput]:
    """Look at every output without storing anything; an executor of Kubeflow's says more of them at `answer`.

    Raises
    ------
    StoreError
        That of the first output, in the order of their declaration, which is not as declared; the text counts the rest.
    """
    said = read_answer(answer, homes[ANSWER]) if answer is not None else Answer()
    checked: list[CheckedOutput] = []
    failed: list[tuple[CollectOutput, StoreError]] = []
    for output in outputs:
        try:
            checked.append(_check(output, homes) if output.told is None else _check_told(output, homes, said))
        except StoreError as error:
            failed.append((output, error))
    if not failed:
        _check_room(checked)
    if failed:
        (first, reason), *others = failed
        more = f" (and {len(others)} more: {', '.join(output.name for output, _ in others)})" if others else ""
        raise type(reason)(f"output {first.name!r}: {reason}{more}")
    return checked


def _check_room(checked: Iterable[CheckedOutput]) -> None:
    sizes = {item.declared.name: len(item.text.encode()) for item in checked if item.text is not None}
    if sum(sizes.values()) > PARAMETER_LIMIT:
        largest = max(sizes, key=lambda name: sizes[name])
        raise InvalidOutputError(
            f"output {largest!r}: the parameters have {sum(sizes.values()):,} bytes in all, "
            f"more than {PARAMETER_LIMIT:,}; make the largest one an artifact"
        )


def store(stores: Stores, root: str, output: CheckedOutput, *, progress: Progress = lambda _: None) -> OutputRecord:
    """Upload one checked output below `root`, the attempt's folder."""
    declared = output.declared
    if output.text is not None:
        return OutputRecord(text=output.text)
    if declared.told is not None and output.found is None:
        return _unseen(output, output_uri(root, declared.name))
    try:
        if output.found is not None:
            uri = output_uri(root, declared.name)
            content = upload_found(stores, output.found, uri, progress=progress)
        else:
            uri = declared.uri or output_uri(root, declared.name)
            content = _written_by_task(stores, uri)
    except StoreError as error:
        raise type(error)(f"output {declared.name!r}: {error}") from None
    return OutputRecord(
        artifact=ArtifactRecord(
            uri=uri,
            digest=content.digest,
            type=declared.type,
            metadata=output.metadata or {},
            size=content.size,
            files=content.files,
        )
    )


def _unseen(output: CheckedOutput, uri: str) -> OutputRecord:
    """An artifact of which nothing is stored: not made, or elsewhere."""
    digest, place = (None, output.elsewhere) if output.elsewhere else (NOTHING, uri)
    record = ArtifactRecord(place, digest, output.declared.type, output.metadata or {}, files=0)
    return OutputRecord(artifact=record)


def _written_by_task(stores: Stores, uri: str) -> Any:
    try:
        return fingerprint(stores, uri)
    except StoreDeniedError as error:
        raise UnverifiableError(f"{uri} cannot be listed, so a change would go unseen: {error}") from None
    except InputGoneError:
        raise OutputMissingError(f"there is nothing at {uri}; the task must write there itself") from None


def _check(output: CollectOutput, homes: Mapping[str, Path]) -> CheckedOutput:
    if output.path is None:
        return CheckedOutput(output)
    path, home = Path(output.path), homes[output.name]
    found = find_output(path, home)
    if output.parameter:
        return CheckedOutput(output, text=_parameter(output, path, found))
    return CheckedOutput(output, found=found, metadata=_metadata(path.with_name(METADATA), home))


def _check_told(output: CollectOutput, homes: Mapping[str, Path], said: Answer) -> CheckedOutput:
    """An output of an executor of Kubeflow's: what it has said counts, else what it has written."""
    assert output.path is not None
    if output.parameter:
        text = said.text(output)
        if text is not None:
            return CheckedOutput(output, text=text)
        path = Path(output.path)
        return CheckedOutput(output, text=_parameter(output, path, find_output(path, homes[output.name])))
    place, metadata = said.place(output), said.metadata(output.name)
    if not place.startswith("/"):
        return CheckedOutput(output, metadata=metadata, elsewhere=place)
    return CheckedOutput(output, found=find_claimed(place, output, homes), metadata=metadata)


def _parameter(output: CollectOutput, path: Path, found: FoundOutput) -> str:
    if found.files is not None:
        raise InvalidOutputError(f"{path} is a folder; a {output.type} is written to a file")
    text = read_text(path, found, PARAMETER_LIMIT, "make it an artifact")
    try:
        return text if output.type == STRING else as_text(parse_text(output.type, text))
    except ValueMismatchError as error:
        raise InvalidOutputError(str(error)) from None


def _metadata(path: Path, home: Path) -> dict[str, Any]:
    try:
        found = find_output(path, home)
    except OutputMissingError:
        return {}
    if found.files is not None:
        raise InvalidOutputError(f"{path} is a folder; it must hold one JSON object")
    try:
        metadata = parse_text("Dict", read_text(path, found, METADATA_LIMIT, "put what is bulky into the artifact"))
    except ValueMismatchError as error:
        raise InvalidOutputError(f"{path}: {error}") from None
    return msgspec.convert(metadata, dict[str, Any])
