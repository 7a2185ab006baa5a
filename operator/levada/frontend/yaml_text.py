"""Objects as YAML that people read, and that kubectl and every other reader understand alike."""

from collections.abc import Iterable
from typing import Any

import yaml

from levada.frontend.scalars import AmbiguousScalarError, resolve

_WIDTH = 120
_RARE_BREAKS = frozenset("\x85\u2028\u2029")
"""Characters that end a line to some readers of YAML only; within double quotes they are escaped."""


class _Dumper(yaml.SafeDumper):
    """Without aliases, which not everybody who reads YAML knows."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the signature is PyYAML's
        """Never."""
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = '"' if _RARE_BREAKS & set(text) or not (text and _is_plain(text)) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_plain(text: str) -> bool:
    """Whether kubectl would read it as this text without quotes."""
    try:
        return isinstance(resolve(text), str)
    except AmbiguousScalarError:
        return False


_Dumper.add_representer(str, _text)


def yaml_text(objects: Iterable[Any]) -> str:
    """The objects as the documents of one YAML file."""
    written = (
        yaml.dump(item, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)  # fields as they were put
        for item in objects
    )
    return "---\n".join(written)
