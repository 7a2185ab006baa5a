"""Run one program to its end; its output is shown only when it fails."""

import subprocess
from pathlib import Path

from cluster.progress import ClusterError


def run(*argv: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None, stdin: str | None = None) -> str:
    result = subprocess.run(
        [str(part) for part in argv], env=env, cwd=cwd, input=stdin, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        command = " ".join(str(part) for part in argv)
        raise ClusterError(
            f"{command}\nended with {result.returncode}:\n{result.stdout[-2000:]}{result.stderr[-4000:]}"
        )
    return result.stdout


def succeeds(*argv: str | Path) -> bool:
    return subprocess.run([str(part) for part in argv], capture_output=True, check=False).returncode == 0
