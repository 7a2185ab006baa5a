"""Putting an attempt's inputs in place before its task starts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from levada.store.transfer import download

if TYPE_CHECKING:
    from levada.planner.handoff import StageInput
    from levada.store.digest import Content
    from levada.store.stores import Stores
    from levada.store.transfer import Progress


def stage(stores: Stores, staged: StageInput, *, progress: Progress = lambda _: None) -> Content:
    """Download one input to its path, verified against its digest, readable and not writable for all."""
    path = Path(staged.path)
    make_folders(path.parent)
    return download(stores, staged.uri, path, digest=staged.digest, read_only=True, progress=progress)


def make_folders(folder: Path) -> None:
    """Create `folder` and what is missing above it, to be entered by all users, whatever the umask."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
