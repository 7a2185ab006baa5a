"""Where everything in a picture goes: a nested graph is laid out by itself, and is one box in the graph around it."""

from dataclasses import dataclass

import graphlay

from levada.pictures.picture import Arrow, Box, Picture

HEIGHT = 36.0
PADDING = 16.0
HEADER = 26.0
_LETTER = 7.4
"""Mean width of a letter at 13 px; what is wider than its box is cut there, and its title has all of it."""
_WIDEST = 240.0
_NARROWEST = 90.0
_ASPECT = 1.5

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A box with its upper left corner, relative to the picture it stands in."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    inside: "PlacedPicture | None" = None


@dataclass(frozen=True, slots=True)
class PlacedArrow:
    """An arrow with its corners."""

    arrow: Arrow
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A picture with places; its upper left corner is 0, 0."""

    width: float
    height: float
    boxes: tuple[PlacedBox, ...]
    arrows: tuple[PlacedArrow, ...]


def place(picture: Picture) -> PlacedPicture:
    """Lay `picture` out, downwards or to the right: whichever suits a screen better."""
    if not picture.boxes:
        return PlacedPicture(0, 0, (), ())
    inner = {box.path: place(box.inside) for box in picture.boxes if box.inside is not None}
    choices = [_placed(picture, inner, direction) for direction in ("topbottom", "leftright")]
    return min(choices, key=lambda placed: abs(placed.width / placed.height - _ASPECT))


def letters(width: float) -> int:
    """How many letters a box of that width shows."""
    return int((width - 20) / _LETTER)


def _placed(picture: Picture, inner: dict[str, PlacedPicture], direction: str) -> PlacedPicture:
    graph = graphlay.Graph()
    sizes = {box.path: _size(box, inner.get(box.path)) for box in picture.boxes}
    for path, (width, height) in sizes.items():
        graph.node(path, width=width, height=height)
    for arrow in picture.arrows:
        graph.edge(arrow.source, arrow.target)
    options = {"direction": direction, "spacing": {"layer_gap": 36.0, "node_gap": 22.0, "isolated_gap": 22.0}}
    made = graphlay.layout(graph, options=options)
    low, high = made.bounds["min"], made.bounds["max"]
    centres = made.positions()
    boxes = []
    for box in picture.boxes:
        (x, y), (width, height) = centres[box.path], sizes[box.path]
        left, top = x - low["x"] - width / 2, y - low["y"] - height / 2
        boxes.append(PlacedBox(box, left, top, width, height, inner.get(box.path)))
    arrows = [
        PlacedArrow(arrow, tuple((point["x"] - low["x"], point["y"] - low["y"]) for point in edge["points"]))
        for arrow, edge in zip(picture.arrows, made.edges, strict=True)
    ]
    return PlacedPicture(high["x"] - low["x"], high["y"] - low["y"], tuple(boxes), tuple(arrows))


def _size(box: Box, inside: PlacedPicture | None) -> Point:
    name = len(box.name) + (2 if box.phase else 0)
    width = min(_WIDEST, max(_NARROWEST, name * _LETTER + 24))
    if inside is None:
        return width, HEIGHT
    return max(width, inside.width + 2 * PADDING), inside.height + HEADER + PADDING
