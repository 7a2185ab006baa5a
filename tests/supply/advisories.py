"""Whether the packages of a lock file are known to be unsafe, by PyPI's advisories."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PATIENCE = 300


@dataclass(frozen=True)
class Verdict:
    """What came of asking."""

    text: str
    is_unsafe: bool = False


def audit(lock: Path) -> Verdict:
    """Ask with pip-audit."""
    argv = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--disable-pip", "--require-hashes",
            "--progress-spinner", "off", "-f", "json"]  # fmt: skip
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return Verdict(f"NOT AUDITED: no answer within {_PATIENCE} s")
    try:
        return judge(json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError):
        last = (done.stderr.strip() or done.stdout.strip() or "pip-audit said nothing").splitlines()[-1]
        return Verdict(f"NOT AUDITED: {last}")


def judge(dependencies: list[dict[str, Any]]) -> Verdict:
    """What pip-audit's list of packages says."""
    unsafe = [_told(each, flaw) for each in dependencies for flaw in each.get("vulns", ())]
    if unsafe:
        return Verdict("\n".join(["UNSAFE packages in the lock file:", *unsafe]), is_unsafe=True)
    skipped = [each for each in dependencies if "skip_reason" in each]
    if skipped:
        return Verdict(f"NOT AUDITED: the index here knows nothing of {len(skipped)} of {len(dependencies)} packages")
    return Verdict(f"{len(dependencies)} packages, no advisory against any")


def _told(package: dict[str, Any], flaw: dict[str, Any]) -> str:
    mended = ", ".join(flaw["fix_versions"]) or "no version yet"
    return f"{package['name']} {package['version']}: {flaw['id']}, mended in {mended}"
