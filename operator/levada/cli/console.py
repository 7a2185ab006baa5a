"""Tables and progress on a terminal, in which what others wrote stays text."""

from collections.abc import Iterable

from rich.console import Console as RichConsole  # noqa: TID251  # this is the place
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from levada.cli.echo import visible


class Console(RichConsole):
    """As rich's, but for control characters in texts: they are shown and not obeyed."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces that are printed; those by which rich itself moves the cursor are marked as such."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
