"""Every object that README and docs show is one that Levada takes."""

import re
from pathlib import Path

import pytest

from levada.api.base import GROUP
from levada.frontend.documents import read_documents
from levada.frontend.objects import check_objects, find_objects

REPO = Path(__file__).resolve().parents[3]
_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)
_PAGES = [REPO / "README.md", *sorted((REPO / "docs").rglob("*.md"))]


def _blocks(page: Path) -> list[str]:
    return [block for block in _BLOCK.findall(page.read_text()) if f"apiVersion: {GROUP}/" in block]


@pytest.mark.parametrize("page", [page for page in _PAGES if _blocks(page)], ids=lambda page: page.name)
def test_the_objects_on_a_page_hold_no_mistake(page: Path) -> None:
    name = str(page.relative_to(REPO))
    documents, unreadable = read_documents(name, "\n---\n".join(_blocks(page)).encode())
    objects, misplaced = find_objects(documents)
    located = [*unreadable, *misplaced, *check_objects(objects)]
    # A page may leave out an object that it only names.
    assert [str(mistake) for mistake in located if "there is no " not in mistake.message] == []
    assert objects


def test_the_guide_is_among_the_pages() -> None:
    assert len(_blocks(REPO / "docs" / "guide.md")) == 3
