"""The Debian packages a cluster needs, and whether this machine can run one at all."""

import os
import platform
import shutil
from pathlib import Path

from cluster.paths import STATE, may_install
from cluster.progress import ClusterError, phase
from cluster.shell import run

# The program that shows a package is there, and the package.
_NEEDED = {
    "containerd": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "iptables": "iptables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "debootstrap": "debootstrap",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
    "gcc": "build-essential",
}
# kubelet makes sockets below the state folder; a socket's path has at most 107 characters.
_LONGEST_STATE = 60


def unable() -> str:
    """Why this machine can run no cluster; empty where it can."""
    if platform.system() != "Linux":
        return f"this is {platform.system()}, and containers need Linux"
    if platform.machine() != "x86_64":
        return f"this is a {platform.machine()} machine, and the pinned wheels of the test images are for x86_64"
    if os.geteuid() != 0:
        return "this is not root, and network namespaces and containers need root"
    if len(str(STATE)) > _LONGEST_STATE:
        return f"{STATE} is longer than {_LONGEST_STATE} characters, too long for kubelet's sockets"
    missing = _missing()
    if missing and not (may_install() and shutil.which("apt-get")):
        command = f"apt-get install --no-install-recommends {' '.join(missing)}"
        return f"Debian packages are missing; run `{command}`, or set LEVADA_INSTALL=1"
    return ""


def check() -> None:
    reason = unable()
    if reason:
        raise ClusterError(f"No cluster on this machine: {reason}.")


def ensure() -> None:
    check()
    missing = _missing()
    if not missing:
        return
    with phase(f"Debian packages: {' '.join(missing)}"):
        # The package's own service would start a second containerd that nobody asked for.
        policy = Path("/usr/sbin/policy-rc.d")
        ours = not policy.exists()
        if ours:
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        try:
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            run("apt-get", "update", "-qq", env=quiet)
            run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing, env=quiet)
        finally:
            if ours:
                policy.unlink()


def _missing() -> list[str]:
    return sorted({package for program, package in _NEEDED.items() if not _present(program)})


def _present(program: str) -> bool:
    # A person's PATH may lack the sbin folders.
    return bool(shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"))
