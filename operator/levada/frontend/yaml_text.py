"""Objects as YAML that people read, and that kubectl and every other reader understand alike."""

from collections.abc import Iterable
from typing import Any

import yaml

from levada.frontend.scalars import AmbiguousScalarError, resolve

_WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Without aliases, which not everybody who reads YAML knows."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the signature is PyYAML's
        """Never."""
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if _is_plain(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_plain(text: str) -> bool:
    """Whether kubectl would read it as this text without quotes."""
    try:
        return resolve(text) == text if text else False
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
