"""What the operator's container uses, by the kernel's own accounts."""

import time
from dataclasses import dataclass
from pathlib import Path

from cluster.kubectl import Kubectl
from cluster.operator_process import pid_in_pod

_CLOCK_TICKS = 100  # a second, in /proc/PID/stat


@dataclass(frozen=True)
class OperatorProcess:
    """The one replica's process, which is visible on this machine."""

    pid: int

    @classmethod
    def find(cls, kubectl: Kubectl) -> "OperatorProcess":
        operator = ("-n", "levada-system", "get", "pods", "-l", "app.kubernetes.io/component=operator")
        uid = kubectl(*operator, "-o", "jsonpath={.items[0].metadata.uid}")
        return cls(pid_in_pod(uid))

    def resident_mb(self) -> float:
        """Resident memory in MiB, shared libraries included."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))

    def cpu_percent(self, seconds: float) -> float:
        """Use of one core over the next `seconds`."""
        before, begun = self._cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        return 100 * (self._cpu_seconds() - before) / (time.monotonic() - begun)

    def _cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS
