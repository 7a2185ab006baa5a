"""Walking an output without being led out of it.

The task wrote the folder and may have put links into it, on purpose or not: the agent reads with rights that the task
does not have (`/levada/store` holds the credentials). So every path is resolved first, and what is opened is checked
once more through its descriptor. Links that stay inside are taken as what they point to.
"""

from __future__ import annotations

import errno
import os
import stat
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from levada.store.errors import (
    LinkOutsideError,
    OutputMissingError,
    OutputUnreadableError,
    StoreError,
    UnsupportedFileError,
)
from levada.store.uri import name_fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

MOST_FILES: Final = 100_000
"""Files and folders that one output may have: each file is a request, and folders that are linked to one another
would be walked without end."""


class FoundFile(NamedTuple):
    """A regular file: `name` is its path relative to the output ("" for the output itself)."""

    name: str
    size: int


class FoundOutput(NamedTuple):
    """An output as it lies on the disk.

    Attributes
    ----------
    root
        Where it really lies, links resolved.
    inside
        The folder that nothing may lead out of: the output itself, or a file's folder.
    files
        All its files by name; None when the output is a single file.
    size
        In bytes, of all files.
    """

    root: Path
    inside: Path
    files: list[FoundFile] | None
    size: int


def find_output(path: Path, home: Path) -> FoundOutput:
    """Look at an output without reading its content.

    Parameters
    ----------
    path
        Where the task wrote it.
    home
        The real path of the folder `path` stands in, taken before the task started. The task may have put a link there
        since.

    Raises
    ------
    StoreError
        `OutputMissing`, `OutputUnreadable`, `LinkOutside` or `UnsupportedFile`.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        raise OutputMissingError(f"there is nothing at {path}; the task must write a file or a folder there") from None
    except OSError as error:
        raise _unopened(path, error) from None
    if Path(os.path.realpath(path.parent)) != home:
        raise LinkOutsideError(f"{path.parent} was replaced by a link; write below the folder that was given")
    root = _resolve(path, home)
    status = _status(root)
    if stat.S_ISDIR(status.st_mode):
        found = list(_walk(root, "", root, (), count(1)))
        return FoundOutput(root, root, found, sum(file.size for file in found))
    if not stat.S_ISREG(status.st_mode):
        raise UnsupportedFileError(f"{path} is {_kind(status.st_mode)}; write a regular file or a folder")
    return FoundOutput(root, home, None, status.st_size)


def open_found(found: FoundOutput, name: str) -> BinaryIO:
    """Open one file of `found` for reading, unbuffered; refuses what was swapped for something else since."""
    path = _resolve(found.root / name if name else found.root, found.inside)
    try:
        # Not blocking, so that a pipe in the file's place cannot hold us.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unopened(path, error) from None
    try:
        _check_opened(descriptor, path, found.inside)
    except StoreError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb", buffering=0)


def _check_opened(descriptor: int, path: Path, inside: Path) -> None:
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        raise UnsupportedFileError(f"{path} is {_kind(mode)}; write a regular file")
    try:
        true = Path(f"/proc/self/fd/{descriptor}").readlink()
    except OSError:
        return  # No /proc: a laptop without Linux, where tasks are the user's own processes.
    if not true.is_relative_to(inside):
        raise LinkOutsideError(f"{true} is outside of {inside}")


def _walk(
    folder: Path, prefix: str, inside: Path, above: tuple[tuple[int, int], ...], number: count[int]
) -> Iterator[FoundFile]:
    """The files below `folder`, which stands below the folders `above`; `number` goes on with each file and folder."""
    seen = _status(folder)
    identity = (seen.st_dev, seen.st_ino)
    if identity in above:
        raise UnsupportedFileError(f"{inside / prefix} is a link to a folder that it stands in: it never ends")
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise _unopened(folder, error) from None
    for entry in entries:
        if next(number) > MOST_FILES:
            raise UnsupportedFileError(
                f"{inside} has more than {MOST_FILES} files and folders, each counted once for every link to it; "
                "pack them into an archive"
            )
        name = f"{prefix}/{entry.name}" if prefix else entry.name
        if fault := name_fault(name):
            raise UnsupportedFileError(f"the name {name!r} {fault}; rename it or pack the folder into an archive")
        path = _resolve(Path(entry.path), inside) if entry.is_symlink() else Path(entry.path)
        status = _status(path)
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(path, name, inside, (*above, identity), number)
        elif stat.S_ISREG(status.st_mode):
            yield FoundFile(name, status.st_size)
        else:
            raise UnsupportedFileError(f"{entry.path} is {_kind(status.st_mode)}; remove it before the task ends")


def _resolve(path: Path, inside: Path) -> Path:
    """The real path of `path`, which must lie in `inside`."""
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(inside):
        raise LinkOutsideError(f"{path} leads to {real}, outside of {inside}; copy the content instead of linking")
    if path.is_symlink() and not os.path.lexists(real):
        raise UnsupportedFileError(f"{path} is a link to {path.readlink()}, which does not exist; remove it")
    return real


def _status(path: Path) -> os.stat_result:
    try:
        return path.lstat()
    except OSError as error:
        raise _unopened(path, error) from None


def _unopened(path: Path, error: OSError) -> StoreError:
    if isinstance(error, PermissionError):
        return OutputUnreadableError(
            f"{path} may not be read by the agent's user; write it readable for all (umask 022), or run task and agent "
            "as one user (podSecurity: restricted)"
        )
    if error.errno in (errno.ELOOP, errno.ENOENT, errno.ENOTDIR):
        return UnsupportedFileError(f"{path} changed while it was collected; let all processes of the task end first")
    return UnsupportedFileError(f"{path} cannot be read: {error.strerror}")


def _kind(mode: int) -> str:
    names = (
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISLNK, "a link to itself"),
        (stat.S_ISDIR, "a folder"),
    )
    return next((name for test, name in names if test(mode)), "a device")
