"""A picture as Mermaid, which GitHub, GitLab and many editors draw."""

from collections.abc import Iterator

from levada.pictures.colours import LOOKS, PLAIN, Look
from levada.pictures.picture import Picture


def mermaid(picture: Picture) -> str:
    """The picture as the text of a Mermaid flowchart."""
    ids: dict[str, str] = {}
    lines = ["flowchart TB", *_boxes(picture, ids, 1), *_arrows(picture, ids)]
    looks = {"plain": PLAIN, **LOOKS}
    lines += (f"  classDef {name} {_style(looks[name])}" for name in [*picture.counts()] or ["plain"])
    return "\n".join(lines) + "\n"


def _boxes(picture: Picture, ids: dict[str, str], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for box in picture.boxes:
        name = ids.setdefault(box.path, f"t{len(ids)}")
        if box.inside is None:
            sign = f"{LOOKS[box.phase].sign} " if box.phase else ""
            yield f'{indent}{name}["{sign}{_text(box.name)}"]:::{box.phase or "plain"}'
        else:
            yield f'{indent}subgraph {name}["{_text(box.name)}"]'
            yield from _boxes(box.inside, ids, depth + 1)
            yield f"{indent}end"


def _arrows(picture: Picture, ids: dict[str, str]) -> Iterator[str]:
    for arrow in picture.arrows:
        yield f"  {ids[arrow.source]} {'-.->' if arrow.only_orders else '-->'} {ids[arrow.target]}"
    for box in picture.boxes:
        if box.inside is not None:
            yield from _arrows(box.inside, ids)


def _style(look: Look) -> str:
    return f"fill:{look.fill},stroke:{look.line},color:{look.ink}" + (",stroke-dasharray:4 3" * look.is_dashed)


def _text(text: str) -> str:
    """Text between quotes: Mermaid has entities instead of escapes."""
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
