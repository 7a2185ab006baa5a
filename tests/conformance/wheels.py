"""A folder of wheels, so that the `pip install` of a document needs no network and takes a second."""

import fcntl
import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_CACHE = Path(os.environ.get("LEVADA_CACHE") or Path.home() / ".cache" / "levada") / "kfp-wheels"
# What the corpus' documents install, kfp itself without what it needs: that is how they ask for it.
_KFP = ("2.1.3", "2.9.0", "2.14.2", "2.14.3", "2.14.4", "2.14.6", "2.15.2", "2.17.3")
_OTHERS = ("pip", "setuptools", "wheel", "typing-extensions", "yapf", "requests", "dill==0.3.7", "nbclient>=0.10,<1")
_NOTEBOOKS = ("ipykernel>=6,<7", "pandas")


@dataclass(frozen=True)
class Wheels:
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What tells every pip to take wheels from there, and only from there."""
        return {"PIP_FIND_LINKS": str(self.folder), "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def fill(self) -> None:
        """Get what is not there yet from the package index."""
        ready = self.folder / "ready"
        wanted = "\n".join((*_KFP, *_OTHERS, *_NOTEBOOKS))
        if ready.exists() and ready.read_text() == wanted:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # Several test processes may want them at once.
            if not ready.exists() or ready.read_text() != wanted:
                self._get()
                ready.write_text(wanted)

    def _get(self) -> None:
        for version in _KFP:
            _pip("wheel", "--no-deps", "-w", self.folder, f"kfp=={version}")
        _pip("wheel", "-w", self.folder, *_OTHERS, *_NOTEBOOKS)


@functools.cache
def wheels() -> Wheels:
    """The folder, shared by all runs on this machine."""
    return Wheels(_CACHE)


def _pip(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "pip", "-q", *arguments], check=True)
