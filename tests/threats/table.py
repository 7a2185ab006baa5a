"""The threats in `docs/security.md`, made from the tests: `PYTHONPATH=tests python -m threats.table` writes them."""

from pages import REPO, Marked, marked, with_part

PAGE = REPO / "docs" / "security.md"


def rows() -> list[Marked]:
    """The tests of threats, in the order of the threats' words."""
    return sorted(marked("threat"), key=lambda row: row.words)


def table() -> str:
    """A row for each."""
    lines = [f"| {row.words[0]} | {row.more['holds']} | `{row.file}`: `{row.test}` |" for row in rows()]
    return "\n".join(["| threat | what holds | tested by |", "|---|---|---|", *lines])


def page() -> str:
    """The page as it should be."""
    return with_part(PAGE, "threats", table())


if __name__ == "__main__":
    PAGE.write_text(page())
