"""How records tell of files."""

from pathlib import Path
from typing import Any


def content(path: Path) -> Any:
    """A file's text, a folder's files by name, None where nothing was written."""
    if path.is_dir():
        return {str(one.relative_to(path)): content(one) for one in sorted(path.rglob("*")) if one.is_file()}
    return path.read_text(errors="replace") if path.is_file() else None
