"""A picture as SVG that needs nothing else: no script, no font, no network."""

from collections.abc import Iterator
from html import escape

from levada.pictures.colours import LOOKS, look
from levada.pictures.layout import HEADER, PADDING, PlacedArrow, PlacedBox, PlacedPicture, letters, place
from levada.pictures.picture import Picture

_MARGIN = 16.0
_LEGEND = 34.0
_LEGEND_ITEM = 128.0
_FONT = "font-family='system-ui, Helvetica, Arial, sans-serif' font-size='13'"
_HEAD = (
    "<defs><marker id='levada-arrow' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' "
    "orient='auto-start-reverse'><path d='M0 0L8 4L0 8z' fill='#6b7785'/></marker></defs>"
)


def svg(picture: Picture, title: str = "") -> str:
    """The picture as an SVG document, with a legend where it shows states; each task is a group with a `data-path`."""
    placed = place(picture)
    counts = picture.counts()
    per_row = max(1, int(max(placed.width, 3 * _LEGEND_ITEM) // _LEGEND_ITEM))
    rows = -(-len(counts) // per_row)
    width = max(placed.width, min(len(counts), per_row) * _LEGEND_ITEM) + 2 * _MARGIN
    height = placed.height + rows * _LEGEND + 2.5 * _MARGIN
    size = f"width='{width:.0f}' height='{height:.0f}' viewBox='0 0 {width:.0f} {height:.0f}'"
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img' {_FONT}>",
        f"<title>{escape(title)}</title>" if title else "",
        _HEAD,
        f"<rect width='{width:.0f}' height='{height:.0f}' fill='#ffffff'/>",
        *_picture(placed, _MARGIN, _MARGIN),
        *_legend(counts, per_row, placed.height + 2.2 * _MARGIN),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _picture(placed: PlacedPicture, x: float, y: float) -> Iterator[str]:
    yield f"<g transform='translate({x:.1f} {y:.1f})'>"
    for arrow in placed.arrows:
        yield _arrow(arrow)
    for box in placed.boxes:
        yield from _task(box) if box.inside is None else _group(box, box.inside)
    yield "</g>"


def _arrow(placed: PlacedArrow) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed.points)
    dashes = " stroke-dasharray='5 4'" if placed.arrow.only_orders else ""
    line = f"fill='none' stroke='#6b7785' stroke-width='1.3' stroke-linejoin='round'{dashes}"
    return f"<polyline points='{points}' {line} marker-end='url(#levada-arrow)'/>"


def _task(placed: PlacedBox) -> Iterator[str]:
    box, seen = placed.box, look(placed.box.phase)
    label = f"{seen.sign} {box.name}" if seen.sign else box.name
    most = letters(placed.width)
    shown = label if len(label) <= most else f"{label[: most - 1]}…"
    described = f"{box.path}: {box.phase}" if box.phase else box.path
    dashes = " stroke-dasharray='4 3'" if seen.is_dashed else ""
    yield f"<g class='task {box.phase or ''}' data-path='{escape(box.path)}'><title>{escape(described)}</title>"
    yield (
        f"<rect {_frame(placed)} rx='7' fill='{seen.fill}' stroke='{seen.line}' stroke-width='1.5'{dashes}/>"
        f"<text x='{placed.x + placed.width / 2:.1f}' y='{placed.y + placed.height / 2 + 4.5:.1f}' "
        f"text-anchor='middle' fill='{seen.ink}'>{escape(shown)}</text></g>"
    )


def _group(placed: PlacedBox, inside: PlacedPicture) -> Iterator[str]:
    line = look(placed.box.phase).line
    yield f"<g class='graph' data-path='{escape(placed.box.path)}'>"
    yield f"<rect {_frame(placed)} rx='10' fill='#f8fafc' stroke='{line}' stroke-dasharray='2 3'/>"
    x, y = placed.x + PADDING, placed.y + HEADER
    yield f"<text x='{x:.1f}' y='{y - 8:.1f}' fill='#4b5563' font-weight='600'>{escape(placed.box.name)}</text>"
    yield from _picture(inside, x + (placed.width - 2 * PADDING - inside.width) / 2, y)
    yield "</g>"


def _frame(placed: PlacedBox) -> str:
    return f"x='{placed.x:.1f}' y='{placed.y:.1f}' width='{placed.width:.1f}' height='{placed.height:.1f}'"


def _legend(counts: dict[str, int], per_row: int, top: float) -> Iterator[str]:
    for index, (phase, count) in enumerate(counts.items()):
        seen = LOOKS[phase]
        x, y = _MARGIN + index % per_row * _LEGEND_ITEM, top + index // per_row * _LEGEND
        yield (
            f"<g class='legend'><rect x='{x:.1f}' y='{y:.1f}' width='18' height='18' rx='4' fill='{seen.fill}' "
            f"stroke='{seen.line}'/><text x='{x + 9:.1f}' y='{y + 13.5:.1f}' text-anchor='middle' "
            f"fill='{seen.ink}'>{seen.sign}</text>"
            f"<text x='{x + 25:.1f}' y='{y + 13.5:.1f}' fill='#374151'>{phase} ({count})</text></g>"
        )
