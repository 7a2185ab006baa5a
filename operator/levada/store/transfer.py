"""Moving files and folders to and from a store: streamed, in little memory, with digests taken from the same read.

Small files go side by side; large ones one after another, each in parts that go side by side. So memory stays below
about 50 MiB of buffers whatever is moved.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import obstore

from levada.store.digest import EMPTY_FOLDER, PREFIX, Content, FileDigest, folder_content
from levada.store.errors import DigestMismatchError, InputGoneError, UnsafeKeyError, UnsupportedFileError
from levada.store.failures import asking, writing_to
from levada.store.fingerprint import is_fingerprint, listing_content
from levada.store.links import FoundFile, FoundOutput, find_output, open_found
from levada.store.objects import Found, check_length, find
from levada.store.tree import discard, protect
from levada.store.uri import key_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO

    from levada.store.stores import Place, Stores

    Progress = Callable[[int], None]

SIDE_BY_SIDE: Final = 8
"""Small files under way at once."""

PART: Final = 5 << 20
"""Bytes of a part of a large upload, the least that S3 takes; smaller files go in one request."""

_PARTS_AT_ONCE: Final = 4
_MOST_PARTS: Final = 9_000
_CHUNK: Final = 2 << 20
_DOWNLOAD_CHUNK: Final = 4 << 20

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def upload(
    stores: Stores, path: Path, uri: str, *, home: Path | None = None, progress: Progress = lambda _: None
) -> Content:
    """Store the file or folder at `path` as the object `uri`, or as objects below it.

    Parameters
    ----------
    home
        The folder that `path` must not lead out of; by default the one it stands in now.
    progress
        Called with every number of bytes that was read, from any thread.
    """
    return upload_found(stores, find_output(path, home or Path(os.path.realpath(path.parent))), uri, progress=progress)


def upload_found(stores: Stores, found: FoundOutput, uri: str, *, progress: Progress = lambda _: None) -> Content:
    """Store what `links.find_output` found; see `upload`."""
    place = stores.writing(uri)

    def send(file: FoundFile) -> FileDigest:
        target = place.below(file.name) if file.name else place
        check_length(target)
        with open_found(found, file.name) as source:
            return _send(stores, source, target, file.name, progress)

    if found.files is None:
        sent = send(FoundFile("", found.size))
        return Content(sent.digest, sent.size, 1)
    small = [file for file in found.files if file.size <= PART]
    digests = list(_side_by_side(send, small))
    digests += [send(file) for file in found.files if file.size > PART]
    return folder_content(digests)


def download(
    stores: Stores,
    uri: str,
    path: Path,
    *,
    digest: str | None = None,
    read_only: bool = False,
    progress: Progress = lambda _: None,
) -> Content:
    """Put the content of `uri` at `path`, replacing what is there: a file, or a folder where several objects stand.

    It is written beside `path` and moved there when complete and verified, so `path` never holds half of anything.

    Parameters
    ----------
    digest
        What the content must have: a content digest, or a fingerprint as `fingerprint.fingerprint` makes them.
    read_only
        Leave files and folders readable and not writable for all.
    progress
        Called with every number of bytes that was written, from any thread.

    Raises
    ------
    StoreError
        `InputGone`, `DigestMismatch`, `UnsafeKey`, `DiskFull` and the store's own.
    """
    place = stores.reading(uri)
    found = find(stores, place)
    if not found and digest != EMPTY_FOLDER:
        raise InputGoneError(f"nothing stands at {uri}")
    if digest and is_fingerprint(digest):
        _expect(digest, listing_content(found, uri).digest, uri)
    with writing_to(path), ExitStack() as undo:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
        undo.callback(discard, partial)
        if found and not found[0].name:
            file = _receive(stores, place, found[0], partial, progress)
            content = Content(file.digest, file.size, 1)
        else:
            content = _receive_folder(stores, place, found, partial, progress)
        if digest and not is_fingerprint(digest):
            _expect(digest, content.digest, uri)
        if read_only:
            protect(partial)
        if path.is_dir() or partial.is_dir():
            discard(path)
        partial.replace(path)
        return content


def _receive_folder(stores: Stores, place: Place, found: list[Found], folder: Path, progress: Progress) -> Content:
    for file in found:
        if fault := key_fault(file.name):
            raise UnsafeKeyError(f"{place.uri}: the key {file.name!r} {fault}; rename the object")
    folder.mkdir()

    def receive(file: Found) -> FileDigest:
        target = folder / file.name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            return _receive(stores, place.below(file.name), file, target, progress)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise UnsafeKeyError(f"{place.uri}: {file.name!r} is an object and a folder at once; rename one") from None

    digests = list(_side_by_side(receive, [file for file in found if file.size <= PART]))
    digests += [receive(file) for file in found if file.size > PART]
    return folder_content(digests)


def _send(stores: Stores, source: BinaryIO, target: Place, name: str, progress: Progress) -> FileDigest:
    size = os.fstat(source.fileno()).st_size
    part = max(PART, -(-size // _MOST_PARTS))
    hashed = _HashedReader(source, target.uri, progress)
    with asking(stores, target.uri):
        if size <= PART:
            obstore.put(target.store, target.key, b"".join(hashed), use_multipart=False)
        else:
            at_once = max(1, min(_PARTS_AT_ONCE, _PARTS_AT_ONCE * PART // part))
            obstore.put(target.store, target.key, iter(hashed), chunk_size=part, max_concurrency=at_once)
    return FileDigest(name, hashed.size, PREFIX + hashed.sha256.hexdigest())


class _HashedReader:
    """The chunks of a file, hashed and counted on their way."""

    def __init__(self, source: BinaryIO, shown: str, progress: Progress) -> None:
        self.sha256 = hashlib.sha256()
        self.size = 0
        self._source = source
        self._shown = shown
        self._progress = progress

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._read():
            self.sha256.update(chunk)
            self.size += len(chunk)
            self._progress(len(chunk))
            yield chunk

    def _read(self) -> bytes:
        try:
            return self._source.read(_CHUNK)
        except OSError as error:
            # As an error of our own, or it would pass for one of the store's.
            raise UnsupportedFileError(f"the file for {self._shown} cannot be read: {error.strerror}") from None


def _receive(stores: Stores, place: Place, file: Found, path: Path, progress: Progress) -> FileDigest:
    sha256 = hashlib.sha256()
    size = 0
    with path.open("xb", buffering=0) as target:
        for chunk in _chunks(stores, place, file.version):
            sha256.update(chunk)
            target.write(chunk)
            size += len(chunk)
            progress(len(chunk))
    return FileDigest(file.name, size, PREFIX + sha256.hexdigest())


def _chunks(stores: Stores, place: Place, version: str | None) -> Iterator[bytes]:
    with asking(stores, place.uri):
        # The version that was listed or nothing: two reads of one object must not mix.
        result = obstore.get(place.store, place.key, options={"if_match": version} if version else None)
        stream = result.stream(min_chunk_size=_DOWNLOAD_CHUNK)
    while True:
        with asking(stores, place.uri):
            chunk = next(stream, None)
        if chunk is None:
            return
        yield chunk


def _side_by_side(act: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """The results of `act` in order, a few under way at once; the first failure stops the rest."""
    under_way: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        try:
            for item in items:
                under_way.append(pool.submit(act, item))
                if len(under_way) > 2 * SIDE_BY_SIDE:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def _expect(digest: str, actual: str, uri: str) -> None:
    if digest != actual:
        raise DigestMismatchError(f"{uri} holds {actual}, but {digest} was recorded: it was changed or damaged")
