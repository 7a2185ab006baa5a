"""Where the outputs of an attempt stand in the store: one pure function from names to URIs.

A segment is written so that nothing ever has to decode it and nothing can misread it: letters, digits, `.`, `_` and
`-` stand for themselves, any other byte of the UTF-8 form is `=` and two hex digits (`sweep[3].fit` becomes
`sweep=5B3=5D.fit`). Percent signs would be decoded by some readers of a URI and not by others (`file://` most of all),
and object stores advise against brackets, spaces and tildes in keys.
"""

from __future__ import annotations

import hashlib
import re
import string
from typing import Final

from levada.planner.handoff import MANIFEST

LOG: Final = "main.log"
"""Name of the object, below an attempt's root, with the end of a failed attempt's log."""

STARTED: Final = "started"
"""Name of the first object that an attempt writes, before its task begins."""

VALUES: Final = "=value"
"""Name of the folder, below an attempt's root, of parameters too large for a Pod; no output is written like that."""

CACHE: Final = "=cache"
"""Name of the folder, below a namespace's, of its cache entries; no run is written like that."""

MARK: Final = "=retention"
"""Name of the object, below a run's folder, that says the folder goes with its run; no task's folder is called so."""

_RUN: Final = re.compile(rf"([0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|{CACHE})(/|$)")
"""A run's UID as Kubernetes makes them, or the cache."""
_PLAIN: Final = frozenset((string.ascii_letters + string.digits + "._-").encode())
_RESERVED: Final = frozenset({MANIFEST, LOG, STARTED, ".", ".."})
_LONGEST: Final = 180
"""A file system takes 255 bytes per name, and obstore's local store appends to it while it writes."""


def namespace_root(root_url: str, namespace: str) -> str:
    """The URI below which everything of a namespace stands."""
    return f"{root_url.rstrip('/')}/{segment(namespace)}"


def namespace_of(root_url: str, uri: str) -> str | None:
    """The folder of the namespace that keeps `uri`; None where that does not stand below `root_url`."""
    root = root_url.rstrip("/")
    name = uri.removeprefix(f"{root}/").partition("/")[0]
    return f"{root}/{name}" if uri.startswith(f"{root}/") else None


def run_root(root_url: str, namespace: str, run_uid: str) -> str:
    """The URI of the folder of one run; parameters as for `attempt_root`."""
    return f"{namespace_root(root_url, namespace)}/{segment(run_uid)}"


def is_of_a_run(place: str) -> bool:
    """Whether `place`, a path below a store's root, is where some namespace keeps what its runs make or have cached."""
    _, _, below = place.partition("/")
    return bool(_RUN.match(below))


def mark_uri(root: str) -> str:
    """The URI of the mark of the run whose folder is `root`."""
    return f"{root}/{MARK}"


def attempt_root(root_url: str, namespace: str, run_uid: str, task_path: str, attempt: int) -> str:
    """The URI of the folder of one attempt.

    Parameters
    ----------
    root_url
        The store's `url`, with or without a slash at its end.
    namespace, run_uid
        Of the run.
    task_path
        The task's identity, such as `sweep[3].fit`.
    attempt
        Counted from 0.
    """
    return "/".join([run_root(root_url, namespace, run_uid), segment(task_path), str(attempt)])


def output_uri(root: str, output: str) -> str:
    """The URI of the output called `output` of the attempt whose folder is `root`: an object, or the prefix of many."""
    return f"{root}/{segment(output)}"


def log_uri(root: str) -> str:
    """The URI of the kept end of a failed attempt's log."""
    return f"{root}/{LOG}"


def started_uri(root: str) -> str:
    """The URI of the first object that an attempt writes."""
    return f"{root}/{STARTED}"


def value_uri(root: str, name: str) -> str:
    """The URI of the parameter `name` of an attempt, where it is too large for the Pod."""
    return f"{root}/{VALUES}/{segment(name)}"


def manifest_uri(root: str) -> str:
    """The URI of the list of an attempt's outputs."""
    return f"{root}/{MANIFEST}"


def entry_uri(root_url: str, namespace: str, key: str) -> str:
    """The URI of the cache entry with this key (`sha256:<hex>`)."""
    return f"{_cache_root(root_url, namespace)}/entries/{key.removeprefix('sha256:')}"


def latest_uri(root_url: str, namespace: str, kin: str) -> str:
    """The URI of the last work of its kin (`sha256:<hex>`)."""
    return f"{_cache_root(root_url, namespace)}/latest/{kin.removeprefix('sha256:')}"


def segment(name: str) -> str:
    """`name` as one segment of a key: injective, and never one of the names that stand for something else."""
    data = name.encode()
    text = "".join(chr(byte) if byte in _PLAIN else f"={byte:02X}" for byte in data) or "="
    if name in _RESERVED:
        text = f"={data[0]:02X}{text[1:]}"
    # `==` comes from nothing but this cut.
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}=={hashlib.sha256(data).hexdigest()[:32]}"


def _cache_root(root_url: str, namespace: str) -> str:
    return f"{root_url.rstrip('/')}/{segment(namespace)}/{CACHE}"
