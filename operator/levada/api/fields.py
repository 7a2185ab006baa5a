"""Types of single fields: names, durations, quantities. Their limits are the schema's limits."""

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, StrictBool, StrictInt, StringConstraints, WithJsonSchema

DNS_LABEL: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN: Final = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
DURATION: Final = r"^([0-9]{1,5}d)?([0-9]{1,7}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?$"
AGE: Final = f"{DURATION}|^P([0-9]{{1,5}}[DW]|([0-9]{{1,5}}D)?T([0-9]{{1,9}}[HMS]){{1,3}})$"
QUANTITY: Final = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$"
INNER_PATH: Final = r"^([^.]+(\.[^.]+)*)?$"
LOOP_NAME: Final = r"^[A-Za-z_][A-Za-z0-9_-]*$"
UNIT_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}

Flag = StrictBool
Integer = StrictInt

DnsLabel = Annotated[str, StringConstraints(pattern=DNS_LABEL, min_length=1, max_length=63)]
TaskName = DnsLabel
"""A task's name: it becomes part of Pod names and of paths in the store."""

ValueName = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f/]+$", min_length=1, max_length=128)]
"""The name of an input, output or parameter. Spaces are allowed: old components have them."""

LoopName = Annotated[str, StringConstraints(pattern=LOOP_NAME, max_length=63)]
"""What the item of a loop is called within it."""

ItemPath = Annotated[str, StringConstraints(pattern=r"^[^.]+(\.[^.]+)*$", max_length=512)]
"""The name of a loop's item, and keys of maps and indices of lists that lead into it: `point.lr`, `pair.0`."""

InnerPath = Annotated[str, StringConstraints(pattern=INNER_PATH, max_length=512)]
"""Keys of maps and indices of lists that lead into a value: `train.lr`; empty for the value itself."""

ObjectName = Annotated[str, StringConstraints(pattern=DNS_SUBDOMAIN, min_length=1, max_length=253)]
"""The name of another object in the same namespace."""

EnvName = Annotated[str, StringConstraints(pattern=r"^[^=\x00]+$", min_length=1, max_length=253)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Text = Annotated[str, StringConstraints(max_length=4096)]

Duration = Annotated[str, StringConstraints(pattern=DURATION, min_length=2, max_length=34)]
"""A length of time such as `90s`, `1h30m` or `2d`."""

Age = Annotated[str, StringConstraints(pattern=AGE, min_length=2, max_length=34)]
"""A length of time as a `Duration` or, as Kubeflow has it, in ISO 8601: `P7D`, `PT12H`, `P1DT6H`."""


def seconds(duration: str) -> int:
    """A `Duration` or `Age` in seconds: `seconds("1h30m") == seconds("PT1H30M") == 5400`."""
    parts = re.findall(r"([0-9]+)([wdhms])", duration.lower())
    return sum(int(amount) * UNIT_SECONDS[unit] for amount, unit in parts)


def _quantity_text(value: object) -> object:
    """Kubernetes reads `cpu: 2` and `cpu: "2"`, `cpu: 0.5` and `cpu: "0.5"` alike."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Quantity = Annotated[
    str,
    BeforeValidator(_quantity_text),
    StringConstraints(pattern=QUANTITY, max_length=64),
    WithJsonSchema({}),
]
"""An amount of a resource, in Kubernetes' notation: `500m`, `2`, `0.5`, `1Gi`.

It has no type in the schema: `x-kubernetes-int-or-string` takes no `0.5`, which a Pod takes. The operator checks it.
"""


NamedType = str | dict[str, Any]
"""The type of an input or output: a name, or a map with one name that holds details of the type."""

Anything = WithJsonSchema({})
"""Annotation of a field that is read in more than one form: the API server keeps it, the operator checks it."""

Checked = WithJsonSchema({"type": "object", "additionalProperties": {}})
"""Annotation of a map that holds what holds it: no schema can recurse, so the operator's models alone check it.

It is spelt so, and not as an object that keeps what it does not know, because CEL finds any two of those equal.
"""
