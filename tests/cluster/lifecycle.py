"""The whole cluster up and down; one of each number on a machine, and from whatever is left of the one before."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster import (
    binaries,
    certificates,
    containers,
    control_plane,
    images,
    install,
    network,
    node,
    packages,
    processes,
    store,
)
from cluster.paths import CACHE, KUBECONFIG, REPO, RUN, STATE, may_install
from cluster.progress import ClusterError, phase, say
from cluster.shell import succeeds

_OWNER = RUN / "owner.json"
# What a stopped cluster leaves behind on purpose: images take longest to load, and the logs are for reading.
_KEPT = {"containerd", "images", "images.json", "logs"}


def up(*, with_levada: bool = True) -> None:
    packages.ensure()
    with _alone():
        binaries.build()
        _take_over()
        if not is_up():
            _start()
        else:
            say("The cluster runs already.")
        _load_images(with_levada=with_levada)
    say(f"Ready: KUBECONFIG={KUBECONFIG.relative_to(REPO)} .venv/bin/kubectl get nodes")


def server_up() -> None:
    """An API server with an empty etcd, and the store, in place of whatever there was: nothing else writes there."""
    packages.ensure()
    with _alone():
        binaries.build(("kubernetes", "etcd"))
        _take_over()
        _stop(STATE)
        with phase("API server and store"):
            _prepare()
            control_plane.start_server(control_plane.UNAUDITED)
            store.start()


def down() -> None:
    if packages.unable():
        say(f"Nothing to stop: {packages.unable()}.")
        return
    with _alone():
        owner = _owner()
        if owner and owner != STATE:
            say(f"The cluster of {owner.parent} is stopped.")
        _stop(owner or STATE)
    say("The cluster is down.")


def _start() -> None:
    _stop(STATE)  # half a cluster is none: what is left of it goes first
    with phase("Cluster"):
        _prepare()
        containers.start()
        images.load(images.pause())
        control_plane.start()
        store.start()
        node.start()


def _prepare() -> None:
    """What everything else of a cluster stands on."""
    STATE.mkdir(exist_ok=True)
    RUN.mkdir(parents=True, exist_ok=True)
    _OWNER.write_text(json.dumps({"state": str(STATE)}))
    network.up()
    certificates.make()


def _load_images(*, with_levada: bool) -> None:
    images.load(images.base(), images.examples())
    levada = images.levada()
    images.load(levada)
    if with_levada:
        install.install(levada)


def is_up() -> bool:
    parts = (network, containers, control_plane, store, node)
    return all(part.is_up() for part in parts)


def _stop(state: Path) -> None:
    """Stop in the order that leaves nothing behind: who starts containers, the containers, then who knows of them."""
    processes.stop("kubelet")
    containers.remove_all()
    for name in ("kube-proxy", *reversed(control_plane.NAMES), store.NAME, containers.NAME):
        processes.stop(name)
    _unmount(state)
    _unmount(RUN)
    network.down()
    _remove_control_groups()
    if state.exists():
        for path in state.iterdir():
            if path.name not in _KEPT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    for link in Path("/var/log/containers").glob("*"):
        if link.is_symlink() and not link.exists():
            link.unlink()
    shutil.rmtree(RUN / "containerd", ignore_errors=True)
    _OWNER.unlink(missing_ok=True)


def _unmount(folder: Path) -> None:
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed(mounts):  # the last mounted first
        if mount.startswith(f"{folder}/"):
            # Detached: a process that ends late must not keep the whole clean-up waiting.
            succeeds("umount", "--lazy", mount)


def _remove_control_groups() -> None:
    """The kubelet's own groups; a group with a process in it refuses to go, and that is right."""
    for parent in node.control_groups():
        for folder, _, _ in os.walk(parent / "kubepods", topdown=False):
            try:
                Path(folder).rmdir()
            except OSError:
                continue


def _take_over() -> None:
    """Addresses and control groups are the machine's: another checkout's cluster of our number has to go first."""
    owner = _owner()
    if not owner or owner == STATE:
        return
    if not may_install():
        raise ClusterError(
            f"The cluster of {owner.parent} holds this machine. `make cluster-down` stops it; "
            "LEVADA_CLUSTER=1 makes a second one beside it."
        )
    say(f"The cluster of {owner.parent} is stopped: there is room for one of each number (LEVADA_CLUSTER).")
    _stop(owner)


def _owner() -> Path | None:
    return Path(json.loads(_OWNER.read_text())["state"]) if _OWNER.exists() else None


@contextmanager
def _alone() -> Iterator[None]:
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:  # the machine's clusters share what is built
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another `cluster` command is at work; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
