"""Claims on this machine: a folder for each, which outlives the run that made it.

.levada/volumes/<name>               what tasks in containers see where they mount the claim
.levada/volumes/.makers/<name>       the run and the task that made it, so that to make it twice is to make it once
.levada/volumes/.removed/<run>.<name>  one that is removed, until that is noted
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from levada.local.home import writing
from levada.planner import reasons
from levada.planner.attempt import Failure, Success
from levada.planner.claims import claim_name, missing, mounted_claims, taken
from levada.planner.nodes import Order


def claim_folder(home: Path, name: str) -> Path:
    """Where the claim called `name` is kept."""
    return home / "volumes" / name


def carry_out(order: Order, home: Path, run_uid: str) -> Success | Failure:
    """Make or remove the claim that `order` is about.

    Raises
    ------
    FolderError
        The folder of state cannot be written to.
    """
    name = claim_name(order, run_uid)
    if isinstance(name, Failure):
        return name
    now = datetime.now(UTC)
    with writing(home):
        if order.claim.deed == "create":
            if not _make(home, name, f"{run_uid}/{order.path}"):
                return taken(name)
            return Success(dict.fromkeys(order.claim.outputs, name), started=now, finished=now)
        if not _remove(home, name, run_uid):
            return missing(name)
    return Success(started=now, finished=now)


def forget(order: Order, home: Path, run_uid: str) -> None:
    """Clear away what a removed claim held; its removal has been noted."""
    name = claim_name(order, run_uid)
    if isinstance(name, str):
        shutil.rmtree(_removed(home, name, run_uid), ignore_errors=True)


def mounts_of(template: Mapping[str, Any], home: Path) -> tuple[str, ...] | Failure:
    """The claims that a task's container is given, each as `folder:path` or `folder:path:ro`."""
    found = []
    for claim, mount in mounted_claims(template):
        volume = claim_folder(home, claim["claimName"])
        folder = (volume / mount.get("subPath", "")).resolve()
        if not volume.is_dir():
            message = f"there is no claim {claim['claimName']!r} to mount here; make its folder: mkdir -p {volume}"
            return Failure(reasons.CLAIM_MISSING, message)
        if not folder.is_relative_to(volume.resolve()):
            return Failure(reasons.INVALID_CLAIM, f"the subPath {mount['subPath']!r} leads out of the claim")
        folder.mkdir(parents=True, exist_ok=True)
        is_read_only = mount.get("readOnly") or claim.get("readOnly")
        found.append(f"{folder}:{mount['mountPath']}{':ro' if is_read_only else ''}")
    return tuple(found)


def _make(home: Path, name: str, maker: str) -> bool:
    """Whether the claim is there and was made by `maker`."""
    folder, note = claim_folder(home, name), _maker(home, name)
    note.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        return note.exists() and note.read_text() == maker
    partial = note.with_name(f"{name}~")  # no claim is called so
    partial.write_text(maker)
    partial.replace(note)
    folder.mkdir()
    return True


def _remove(home: Path, name: str, run_uid: str) -> bool:
    """Whether the claim was there, now or before this was cut short."""
    folder, removed = claim_folder(home, name), _removed(home, name, run_uid)
    if not folder.exists():
        return removed.exists()
    shutil.rmtree(removed, ignore_errors=True)
    removed.parent.mkdir(exist_ok=True)
    folder.rename(removed)
    _maker(home, name).unlink(missing_ok=True)
    return True


def _maker(home: Path, name: str) -> Path:
    return home / "volumes" / ".makers" / name


def _removed(home: Path, name: str, run_uid: str) -> Path:
    return home / "volumes" / ".removed" / f"{run_uid}.{name}"
