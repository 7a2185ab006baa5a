"""Artifacts that can be looked at, made fit for a page: escaped, in a frame that may do nothing, capped in size.

What a task wrote is never trusted: HTML and Markdown stand in sandboxed frames without scripts, forms or network, and
pictures in `img`, where not even an SVG can run anything.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from levada.report.plots import confusion_svg, read_confusion, read_roc, roc_svg
from levada.store.errors import InputGoneError, StoreError, TooLargeError

ONE = 2 << 20
"""Bytes of one artifact that are embedded at most."""
ALL = 24 << 20
"""Bytes of all artifacts of one page together."""

_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"<svg": "image/svg+xml",
    b"<?xml": "image/svg+xml",
}
_SHOWN_TYPES = frozenset({"html", "markdown", "classificationmetrics", "metrics", "artifact", "image", "png", "plot"})
"""Types whose content is read; a model or a data set is not for eyes, and may be large."""
_FRAME = (
    "<!doctype html><meta charset='utf-8'><style>body{{font:15px/1.5 system-ui,sans-serif;margin:12px}}"
    "img{{max-width:100%}}table{{border-collapse:collapse}}td,th{{border:1px solid #ccc;padding:2px 8px}}</style>{body}"
)

Fetch = Callable[[str, int], bytes]
"""Gives the content of a URI, of at most so many bytes."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An artifact on the page.

    Attributes
    ----------
    output, type, uri, digest
        What it is.
    frame
        A document for a sandboxed frame.
    picture
        A `data:` URI.
    plots
        SVG that we drew ourselves.
    facts
        Its metadata as a table.
    note
        Why it is not shown.
    """

    output: str
    type: str
    uri: str
    digest: str
    frame: str = ""
    picture: str = ""
    plots: tuple[str, ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()
    note: str = ""


@dataclass
class Embedder:
    """Reads the artifacts of one page.

    Attributes
    ----------
    fetch
        How content is read; it may raise StoreError.
    """

    fetch: Fetch
    _left: int = field(default=ALL, init=False)

    def shown(self, outputs: Mapping[str, Any]) -> Iterator[Shown]:
        """A task's artifacts."""
        for name, value in outputs.items():
            if isinstance(value, Mapping) and "uri" in value:
                yield self._shown(name, value)

    def _shown(self, name: str, artifact: Mapping[str, Any]) -> Shown:
        type_, uri = str(artifact.get("type") or "Artifact"), str(artifact["uri"])
        metadata: dict[str, Any] = dict(artifact.get("metadata") or {})
        content, note = b"", ""
        if type_.lower() in _SHOWN_TYPES and not _is_plotted(metadata):
            content, note = self._content(uri)
        kind = type_.lower()
        frame = picture = ""
        if kind == "html" and content:
            frame = content.decode(errors="replace")
        elif kind == "markdown" and content:
            frame = _FRAME.format(body=_markdown(content.decode(errors="replace")))
        elif content and (media := _media(content)):
            picture = f"data:{media};base64,{base64.b64encode(content).decode()}"
        elif kind in ("classificationmetrics", "metrics") and content:
            metadata = _json_object(content) | metadata
        digest = str(artifact.get("digest") or "")
        facts = tuple((key, value) for key, value in metadata.items() if key not in _PLOTTED)
        return Shown(name, type_, uri, digest, frame, picture, tuple(_plots(metadata)), facts, note)

    def _content(self, uri: str) -> tuple[bytes, str]:
        """The content, or why there is none."""
        if self._left <= 0:
            return b"", f"not embedded: the page has {ALL >> 20} MiB of artifacts already"
        try:
            content = self.fetch(uri, ONE)
        except TooLargeError:
            return b"", f"not embedded: larger than {ONE >> 20} MiB"
        except InputGoneError:
            return b"", "not embedded: it is a folder, or gone"
        except StoreError as error:
            return b"", f"not embedded: {error.message}"
        self._left -= len(content)
        return content, ""


_PLOTTED = ("confusionMatrix", "confidenceMetrics")


def _is_plotted(metadata: Mapping[str, Any]) -> bool:
    return any(name in metadata for name in _PLOTTED)


def _plots(metadata: Mapping[str, Any]) -> Iterator[str]:
    if (roc := read_roc(metadata)) is not None:
        yield roc_svg(roc)
    if (confusion := read_confusion(metadata)) is not None:
        yield confusion_svg(confusion)


def _media(content: bytes) -> str | None:
    start = content[:256].lstrip()
    found = next((media for magic, media in _PICTURES.items() if start.startswith(magic)), None)
    return None if found == "image/svg+xml" and b"<svg" not in content[:1024] else found


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _markdown(text: str) -> str:
    """HTML of Markdown in which HTML stays text."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  # only where there is any

    try:
        return str(MarkdownIt("js-default").render(text))
    except RecursionError:
        return f"<pre>{escape(text)}</pre>"
