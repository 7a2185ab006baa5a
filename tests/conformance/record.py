"""Run every document under kfp.local and keep its answers: `python -m conformance.record [NAME...]`.

An answer is kept with the digest of the document, its arguments and the version of kfp: if they differ it is stale.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from conformance.corpus import REPO, Document, documents
from conformance.wheels import wheels

_LIMIT = 600
_SIDE_BY_SIDE = 2
PYTHON = os.environ.get("LEVADA_KFP_PYTHON") or str(REPO / ".venv-kfp" / "bin" / "python")
_ORACLE = REPO / "tests" / "conformance" / "oracle.py"


def answer(document: Document) -> dict[str, Any]:
    """What kfp.local does with the document; `TimedOut` where it never ends."""
    argv = [PYTHON, str(_ORACLE), str(document.path), json.dumps(document.arguments)]
    surroundings = os.environ | wheels().environment
    try:
        done = subprocess.run(argv, env=surroundings, capture_output=True, text=True, timeout=_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return {"status": "TimedOut", "outputs": {}, "tasks": [], "error": f"not over after {_LIMIT} s"}
    if done.returncode:
        return {"status": "CannotRun", "outputs": {}, "tasks": [], "error": done.stderr.strip().splitlines()[-1]}
    return json.loads(done.stdout)


def version() -> str:
    """The version of kfp that answers."""
    code = "import kfp; print(kfp.__version__)"
    return subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def keep(document: Document, kfp: str) -> str:
    """Write the answer down; returns its status."""
    found = answer(document) | {"digest": document.digest, "kfp": kfp, "arguments": document.arguments}
    found["tasks"] = sorted(found["tasks"], key=lambda task: json.dumps(task, sort_keys=True))
    document.record.parent.mkdir(exist_ok=True)
    document.record.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    return found["status"]


def main(names: list[str]) -> int:
    chosen = [document for document in documents() if not names or document.name in names]
    kfp = version()
    wheels().fill()
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        for document, status in zip(chosen, pool.map(lambda one: keep(one, kfp), chosen), strict=True):
            print(f"{status:10} {document.name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
