"""Image layers: folders as tar files with a digest, byte for byte the same from the same content."""

import hashlib
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layer:
    path: Path
    digest: str  # sha256 of the uncompressed tar, hex


def cached(path: Path, make: Callable[[], Path], *, keep_times: bool = False) -> Layer:
    """The layer at `path`, packed from the folder that `make` gives when there is none yet."""
    note = path.with_suffix(".json")
    if not note.exists():
        pack(make(), path, keep_times=keep_times)
        note.write_text(json.dumps({"sha256": digest_of(path)}))
    return Layer(path, json.loads(note.read_text())["sha256"])


def pack(folder: Path, target: Path, *, keep_times: bool = False) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f"{target.name}.{os.getpid()}")

    def normal(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        # Whole seconds: fractions need PAX headers, and Python's .pyc files hold whole seconds too.
        entry.mtime = int(entry.mtime) if keep_times else 0
        if not keep_times:
            entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        return entry

    with tarfile.open(scratch, "w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, arcname=path.name, filter=normal)  # add() sorts below
    scratch.rename(target)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
