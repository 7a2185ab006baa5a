"""Plots of what tasks recorded about a classifier, in the shapes of Kubeflow's ClassificationMetrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_SIDE = 300
_LEFT, _TOP = 56, 14
_MOST_CLASSES = 30
_DARK = 0.55
_CELL = 64


@dataclass(frozen=True, slots=True)
class Confusion:
    """A confusion matrix: `rows[i][j]` samples of class i were taken for class j."""

    classes: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Roc:
    """The points of a ROC curve (false and true positive rates), by rising false positive rate."""

    points: tuple[tuple[float, float], ...]

    @property
    def area(self) -> float:
        """The area under the curve, by trapezoids."""
        pairs = zip(self.points, self.points[1:], strict=False)
        return sum((right[0] - left[0]) * (right[1] + left[1]) / 2 for left, right in pairs)


def read_confusion(metadata: Mapping[str, Any]) -> Confusion | None:
    """The confusion matrix in an artifact's metadata; None where there is none that makes sense."""
    matrix = _plain(metadata.get("confusionMatrix"))
    if not isinstance(matrix, Mapping):
        return None
    classes = [_label(spec) for spec in _items(matrix.get("annotationSpecs"))]
    rows = [row.get("row") if isinstance(row, Mapping) else row for row in _items(matrix.get("rows"))]
    is_square = len(rows) == len(classes) > 0 and all(len(_items(row)) == len(classes) for row in rows)
    if not is_square or not all(_is_number(cell) for row in rows for cell in _items(row)):
        return None
    return Confusion(tuple(classes), tuple(tuple(float(cell) for cell in _items(row)) for row in rows))


def read_roc(metadata: Mapping[str, Any]) -> Roc | None:
    """The ROC curve in an artifact's metadata; None where there is none."""
    found = [
        (float(point["falsePositiveRate"]), float(point["recall"]))
        for point in _items(_plain(metadata.get("confidenceMetrics")))
        if isinstance(point, Mapping) and _is_number(point.get("falsePositiveRate")) and _is_number(point.get("recall"))
    ]
    return Roc(tuple(sorted({*found, (0.0, 0.0), (1.0, 1.0)}))) if found else None


def confusion_svg(matrix: Confusion) -> str:
    """The matrix as SVG; the shade of a cell is its share of its row."""
    if len(matrix.classes) > _MOST_CLASSES:
        return f"<p>{len(matrix.classes)} classes are too many to draw</p>"
    size = len(matrix.classes)
    width, height = 120 + _CELL * size, 52 + _CELL * size
    parts = [_head(width, height, "Confusion matrix")]
    parts.append(f"<text x='{110 + _CELL * size / 2}' y='14' text-anchor='middle' fill='#6b7280'>predicted</text>")
    for i, row in enumerate(matrix.rows):
        total = sum(row) or 1.0
        parts.append(
            f"<text x='104' y='{40 + _CELL * (i + 0.55):.0f}' text-anchor='end'>{_cut(matrix.classes[i])}</text>"
        )
        parts.append(
            f"<text x='{110 + _CELL * (i + 0.5):.0f}' y='32' text-anchor='middle'>{_cut(matrix.classes[i])}</text>"
        )
        for j, cell in enumerate(row):
            share = cell / total
            fill = "#0b6e99" if i == j else "#c2410c"
            ink = "#ffffff" if share > _DARK else "#1f2937"
            x, y = 110 + _CELL * j, 40 + _CELL * i
            parts.append(
                f"<rect x='{x}' y='{y}' width='{_CELL - 3}' height='{_CELL - 3}' rx='5' fill='{fill}' "
                f"fill-opacity='{0.08 + 0.85 * share:.2f}'/>"
                f"<text x='{x + _CELL / 2 - 2}' y='{y + 30}' text-anchor='middle' fill='{ink}' font-size='15' "
                f"font-weight='600'>{cell:g}</text>"
                f"<text x='{x + _CELL / 2 - 2}' y='{y + 46}' text-anchor='middle' fill='{ink}'>{share:.0%}</text>"
            )
    return "".join([*parts, "</svg>"])


def roc_svg(roc: Roc) -> str:
    """The curve as SVG, with the area under it."""
    points = " ".join(f"{_LEFT + _SIDE * x:.1f},{_TOP + _SIDE * (1 - y):.1f}" for x, y in roc.points)
    bottom = _TOP + _SIDE
    parts = [_head(_LEFT + _SIDE + 20, bottom + 44, f"ROC curve, area {roc.area:.4f}")]
    for tick in range(5):
        x, y = _LEFT + _SIDE * tick / 4, bottom - _SIDE * tick / 4
        parts.append(
            f"<path d='M{x} {_TOP}V{bottom}M{_LEFT} {y}H{_LEFT + _SIDE}' stroke='#e5e7eb'/>"
            f"<text x='{x}' y='{bottom + 16}' text-anchor='middle' fill='#6b7280'>{tick / 4:g}</text>"
            f"<text x='{_LEFT - 6}' y='{y + 4}' text-anchor='end' fill='#6b7280'>{tick / 4:g}</text>"
        )
    parts.append(
        f"<path d='M{_LEFT} {bottom}L{_LEFT + _SIDE} {_TOP}' stroke='#9ca3af' stroke-dasharray='4 4'/>"
        f"<polygon points='{_LEFT},{bottom} {points} {_LEFT + _SIDE},{bottom}' fill='#0b6e99' fill-opacity='.12'/>"
        f"<polyline points='{points}' fill='none' stroke='#0b6e99' stroke-width='2.5' stroke-linejoin='round'/>"
        f"<text x='{_LEFT + _SIDE / 2}' y='{bottom + 36}' text-anchor='middle' fill='#374151'>"
        f"false positive rate</text>"
        f"<text transform='translate(14 {_TOP + _SIDE / 2}) rotate(-90)' text-anchor='middle' fill='#374151'>"
        f"true positive rate</text>"
        f"<text x='{_LEFT + _SIDE - 10}' y='{bottom - 14}' text-anchor='end' font-weight='600'>"
        f"area {roc.area:.4f}</text>"
    )
    return "".join([*parts, "</svg>"])


def _head(width: float, height: float, title: str) -> str:
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' width='{width:.0f}' "
        f"height='{height:.0f}' role='img' font-family='system-ui, sans-serif' font-size='12'>"
        f"<title>{escape(title)}</title>"
    )


def _plain(value: Any) -> Any:
    """Kubeflow's executors wrap lists and maps (`{list: [...]}`, `{struct: {...}}`)."""
    while isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in ("list", "struct"):
        value = next(iter(value.values()))
    return value


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _label(spec: Any) -> str:
    return str(spec.get("displayName", "?")) if isinstance(spec, Mapping) else str(spec)


def _cut(text: str) -> str:
    return escape(text if len(text) <= 14 else f"{text[:13]}…")  # noqa: PLR2004


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
