"""A wall clock of the operator's own, which can be set while it runs: a small library is preloaded into it."""

import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")


class ShiftedClock:
    """One process's wall clock, ahead of the machine's by as many seconds as it is set to."""

    def __init__(self, folder: Path) -> None:
        library, self._shift = folder / "shifted_clock.so", folder / "shift"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, _SOURCE, "-ldl"], check=True)
        self.set(0)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(self._shift)}

    def set(self, seconds: int) -> None:
        """Set it; who reads it never finds half a number."""
        new = self._shift.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self._shift)
