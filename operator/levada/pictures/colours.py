"""How each phase looks, in every kind of picture: a colour, and a sign for who cannot tell the colours apart."""

from typing import NamedTuple


class Look(NamedTuple):
    """Fill, line and text colour, and a sign that stands before the name."""

    fill: str
    line: str
    ink: str
    sign: str
    is_dashed: bool = False


PLAIN = Look("#eef4fb", "#4a6fa5", "#1b2733", "")
LOOKS = {
    "Pending": Look("#f3f4f6", "#9aa3ad", "#4b5563", "○"),
    "Running": Look("#fff4d6", "#c98a00", "#5c4100", "▶"),
    "Succeeded": Look("#dff5e3", "#2c8a45", "#14532d", "✓"),
    "Cached": Look("#d9f3f4", "#14808a", "#134e4a", "⟲"),
    "Skipped": Look("#ffffff", "#b0b7bf", "#6b7280", "–", is_dashed=True),
    "Failed": Look("#fde2e1", "#c5221f", "#7f1d1d", "✗"),
    "Cancelled": Look("#efe4f8", "#7e4fb0", "#4c1d78", "■"),
}


def look(phase: str | None) -> Look:
    """How a box in that phase looks; a box without one is plain."""
    return PLAIN if phase is None else LOOKS[phase]
