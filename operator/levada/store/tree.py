"""Files and folders of ours on the local disk: write-protecting and removing them."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FILE_MODE: Final = 0o444
FOLDER_MODE: Final = 0o555


def protect(path: Path) -> None:
    """Make a file, or a folder with all it holds, readable and not writable for all."""
    for folder, _, files in os.walk(path, topdown=False):
        for name in files:
            os.chmod(os.path.join(folder, name), FILE_MODE)  # noqa: PTH101, PTH118 a Path per file is slow
        os.chmod(folder, FOLDER_MODE)  # noqa: PTH101
    if not path.is_dir():
        path.chmod(FILE_MODE)


def discard(path: Path) -> None:
    """Remove a file or folder, a write-protected one too; nothing happens where there is none."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):
        os.chmod(folder, 0o700)  # noqa: PTH101
    shutil.rmtree(path)
