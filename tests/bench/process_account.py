"""What a process uses, by the kernel's own accounts; the operator's above all."""

import time
from dataclasses import dataclass
from pathlib import Path

from cluster.kubectl import Kubectl
from cluster.operator_process import pid_in_pod

_CLOCK_TICKS = 100  # a second, in /proc/PID/stat


@dataclass(frozen=True)
class Process:
    """A process that is visible on this machine."""

    pid: int

    @classmethod
    def of_operator(cls, kubectl: Kubectl) -> "Process":
        """The one replica in the cluster."""
        operator = ("-n", "levada-system", "get", "pods", "-l", "app.kubernetes.io/component=operator")
        uid = kubectl(*operator, "-o", "jsonpath={.items[0].metadata.uid}")
        return cls(pid_in_pod(uid))

    def resident_mb(self) -> float:
        """Resident memory in MiB, shared libraries included."""
        return self._status("VmRSS")

    def peak_mb(self) -> float:
        """The most that it has been."""
        return self._status("VmHWM")

    def cpu_percent(self, seconds: float) -> float:
        """Use of one core over the next `seconds`."""
        before, begun = self.cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        return 100 * (self.cpu_seconds() - before) / (time.monotonic() - begun)

    def cpu_seconds(self) -> float:
        """Of user and system time, since it began."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS

    def _status(self, field: str) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))
