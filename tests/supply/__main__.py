"""`python -m supply` writes what Levada is made of to build/sbom.json, and asks whether any of it is unsafe."""

import sys
from pathlib import Path

from supply.advisories import audit
from supply.sbom import packages, sbom

REPO = Path(__file__).resolve().parents[2]
LOCK = REPO / "requirements.lock"
SBOM = REPO / "build" / "sbom.json"


def main() -> int:
    """0 where nothing unsafe is known; also where nobody could be asked, which is said aloud."""
    SBOM.parent.mkdir(exist_ok=True)
    pinned = packages(LOCK.read_text())
    SBOM.write_text(sbom(pinned))
    print(f"{SBOM.relative_to(REPO)}: {len(pinned)} packages")
    verdict = audit(LOCK)
    print(verdict.text)
    return 1 if verdict.is_unsafe else 0


if __name__ == "__main__":
    sys.exit(main())
