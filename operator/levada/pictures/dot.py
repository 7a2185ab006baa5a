"""A picture in Graphviz' language."""

from collections.abc import Iterator

from levada.pictures.colours import LOOKS, look
from levada.pictures.picture import Box, Picture


def dot(picture: Picture) -> str:
    """The picture as the text of a `.dot` file."""
    return "\n".join([
        "digraph pipeline {",
        "  compound=true; rankdir=TB;",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica"];',
        '  graph [style="rounded", color="#9aa3ad", fontname="Helvetica"];',
        *_boxes(picture, 1),
        *_arrows(picture),
        "}",
        "",
    ])  # fmt: skip


def _boxes(picture: Picture, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for box in picture.boxes:
        if box.inside is None:
            seen = look(box.phase)
            label = f"{LOOKS[box.phase].sign} {box.name}" if box.phase else box.name
            style = ', style="rounded,filled,dashed"' if seen.is_dashed else ""
            colours = f'fillcolor="{seen.fill}", color="{seen.line}", fontcolor="{seen.ink}"'
            yield f"{indent}{_quoted(box.path)} [label={_quoted(label)}, {colours}{style}];"
        else:
            yield f"{indent}subgraph {_quoted(f'cluster_{box.path}')} {{"
            yield f"{indent}  label={_quoted(box.name)};"
            yield from _boxes(box.inside, depth + 1)
            yield f"{indent}}}"


def _arrows(picture: Picture) -> Iterator[str]:
    """Arrows from and to a nested graph end at its border: they lead to a task in it and are cut there."""
    by_path = {box.path: box for box in picture.boxes}
    for arrow in picture.arrows:
        source, target = by_path[arrow.source], by_path[arrow.target]
        options = ["style=dashed"] if arrow.only_orders else []
        options += [f"ltail={_quoted(f'cluster_{source.path}')}"] if source.inside else []
        options += [f"lhead={_quoted(f'cluster_{target.path}')}"] if target.inside else []
        shown = f" [{', '.join(options)}]" if options else ""
        yield f"  {_quoted(_end(source))} -> {_quoted(_end(target))}{shown};"
    for box in picture.boxes:
        if box.inside is not None:
            yield from _arrows(box.inside)


def _end(box: Box) -> str:
    return box.path if box.inside is None else next(box.inside.tasks()).path


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
