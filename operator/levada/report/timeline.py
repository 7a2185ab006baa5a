"""A run's tasks over time, as SVG: a bar from each task's start to its end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from levada.pictures.colours import look
from levada.report.times import in_words, moment

_ROW = 24
_NAME = 190
_WIDTH = 620
_TOP = 26
_LETTERS = 25
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_MOST_TICKS = 8


def timeline(tasks: Sequence[Mapping[str, Any]]) -> str:
    """The SVG; empty when no task has started. Each bar is a group with its task's `data-path`."""
    bars = [(task, begin, end) for task in tasks for begin, end in _span(task)]
    if not bars:
        return ""
    first = min(begin for _, begin, _ in bars)
    total = max((max(end for *_, end in bars) - first).total_seconds(), 1.0)
    bars.sort(key=lambda bar: bar[1])
    height = _TOP + _ROW * len(bars) + 8
    width = _NAME + _WIDTH + 60
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}'"
    parts = [f"{head} role='img' font-family='system-ui, sans-serif' font-size='12'><title>Timeline</title>"]
    parts += _axis(total, height)
    for index, (task, begin, end) in enumerate(bars):
        parts.append(_bar(task, (begin - first).total_seconds(), (end - begin).total_seconds(), total, index))
    return "\n".join([*parts, "</svg>"])


def _span(task: Mapping[str, Any]) -> Iterator[tuple[datetime, datetime]]:
    begin = moment(task.get("startTime"))
    if begin is not None:
        yield begin, moment(task.get("completionTime")) or datetime.now(UTC)


def _axis(total: float, height: int) -> Iterator[str]:
    step = next((step for step in _STEPS if total / step <= _MOST_TICKS), int(total / _MOST_TICKS) + 1)
    for tick in range(0, int(total) + 1, step):
        x = _NAME + _WIDTH * tick / total
        yield f"<line x1='{x:.1f}' y1='{_TOP - 6}' x2='{x:.1f}' y2='{height - 4}' stroke='#e5e7eb'/>"
        yield f"<text x='{x:.1f}' y='14' text-anchor='middle' fill='#6b7280'>{in_words(tick)}</text>"


def _bar(task: Mapping[str, Any], start: float, span: float, total: float, index: int) -> str:
    seen, path = look(task["phase"]), task["path"]
    y = _TOP + _ROW * index
    x, width = _NAME + _WIDTH * start / total, max(_WIDTH * span / total, 3.0)
    name = path if len(path) <= _LETTERS else f"…{path[-_LETTERS + 1 :]}"
    return (
        f"<g class='task' data-path='{escape(path)}'><title>{escape(path)}: {task['phase']}, {in_words(span)}</title>"
        f"<rect x='0' y='{y}' width='{_NAME + _WIDTH + 60}' height='{_ROW}' fill='transparent'/>"
        f"<text x='{_NAME - 10}' y='{y + 16}' text-anchor='end' fill='#1f2937'>{escape(name)}</text>"
        f"<rect x='{x:.1f}' y='{y + 4}' width='{width:.1f}' height='{_ROW - 8}' rx='4' fill='{seen.fill}' "
        f"stroke='{seen.line}'/>"
        f"<text x='{x + width + 5:.1f}' y='{y + 16}' fill='#6b7280'>{in_words(span)}</text></g>"
    )
