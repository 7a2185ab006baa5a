"""The operator's process as this machine sees it: containers of the test cluster are visible from outside."""

from pathlib import Path


def pid_in_pod(uid: str) -> int:
    """The process id of the operator in the Pod with that UID.

    Raises
    ------
    LookupError
        When there is none; so it is where the cluster is on another machine.
    """
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"levada.handlers" in (folder / "cmdline").read_bytes() and uid in (folder / "cgroup").read_text():
                return int(folder.name)
        except OSError:  # it has ended meanwhile
            continue
    raise LookupError(f"no process of the operator in Pod {uid} is visible on this machine")
