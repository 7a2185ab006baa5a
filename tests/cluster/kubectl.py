"""kubectl as the tests call it."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cluster.paths import VENV


class KubectlError(Exception):
    """kubectl's own words."""


@dataclass(frozen=True)
class Kubectl:
    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: str | None = None, timeout: float = 120) -> str:
        """Run kubectl and return its stdout; fail with its stderr."""
        argv = [str(VENV / "bin" / "kubectl"), *arguments]
        result = subprocess.run(
            argv, env={**os.environ, "KUBECONFIG": str(self.kubeconfig)}, input=stdin,
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        if result.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(arguments)}\n{result.stderr.strip() or result.stdout.strip()}")
        return result.stdout

    def json(self, *arguments: str) -> dict:
        return json.loads(self(*arguments, "-o", "json"))

    def apply(self, *objects: dict, namespace: str) -> str:
        """Apply objects server-side: without that, kubectl fails above 256 KiB."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        return self("apply", "--server-side", "-n", namespace, "-f", "-", stdin=text)

    def try_to(self, *arguments: str) -> str:
        """For reports: whatever kubectl says, also when it fails."""
        try:
            return self(*arguments)
        except (KubectlError, subprocess.TimeoutExpired) as error:
            return f"{error}\n"
