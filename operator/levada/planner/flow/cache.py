"""Whether a task's results are there already: what they follow from, and why earlier ones do not do.

Work is known by content: by what its component does, by its image, and by the digests of what it is given. Names, URIs
and Pods do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from levada.graph.model import ABSENT, Artifact, Component, Datum
from levada.graph.placeholders import Argument, Concat, ExecutorInput, Reference
from levada.planner.claims import mounted_claims
from levada.planner.names import digest_of

NO_ENTRY = "NoEntry"
EXPIRED = "Expired"
INPUT_CHANGED = "InputChanged"
IMAGE_CHANGED = "ImageChanged"
COMPONENT_CHANGED = "ComponentChanged"
OUTPUTS_GONE = "OutputsGone"
UNVERIFIABLE = "Unverifiable"
DISABLED = "Disabled"


class Work(msgspec.Struct, frozen=True):
    """What the results of a task follow from.

    Attributes
    ----------
    code
        Digest of the component without its image.
    image
        By digest where that is known.
    inputs
        Digests by name; what is absent is left out.
    salt
        Of the task's cache policy.
    place
        Digest of where the task stands; it tells the same task when its component changed, and is not in the key.
    """

    code: str
    image: str
    inputs: dict[str, str]
    salt: str
    place: str

    @property
    def key(self) -> str:
        """`sha256:<hex>`: the same for the same work, whichever task of whichever run does it."""
        return digest_of([self.code, self.image, self.inputs, self.salt])

    @property
    def kin(self) -> tuple[str, ...]:
        """What it has in common with earlier work, the nearest first.

        Whoever asks why a task ran compares it with itself: first with the same task, of the same component and image,
        of the same component, of any; and only where there was none, with other tasks of the same component.
        """
        shared = (
            ("task", self.place, self.code, self.image),
            ("task and code", self.place, self.code),
            ("place", self.place),
            ("code", self.code),
        )
        return tuple(digest_of([*names, self.salt]) for names in shared)


class Entry(msgspec.Struct, frozen=True):
    """The results of work that was done.

    Attributes
    ----------
    run, path
        Who did it.
    made
        When it ended.
    outputs
        As JSON, by name.
    seen
        Fingerprints of the artifacts among them, by URI, taken when the entry was made.
    """

    work: Work
    run: str
    path: str
    made: datetime
    outputs: dict[str, Any]
    seen: dict[str, str]


@dataclass(frozen=True, slots=True)
class Hit:
    """The results are there; `source` says whose they are."""

    outputs: Mapping[str, Datum]
    source: str


@dataclass(frozen=True, slots=True)
class Miss:
    """They are not; `reason` is one of the words above, of changed inputs followed by their names."""

    reason: str


Answer = Hit | Miss


def work_of(
    component: Component,
    path: str,
    inputs: Mapping[str, Datum],
    template: Mapping[str, Any],
    salt: str,
    fingerprints: Mapping[str, str],
) -> Work:
    """The work of the task at `path`; `fingerprints` by URI for those of `external_uris`.

    Of the options of its Pod (`template`) only the claims count, which hold data: what is in them nobody knows.
    """
    given = {name: inputs[name] for name in component.inputs if inputs.get(name, ABSENT) is not ABSENT}
    claims = {f"claim at {mount['mountPath']}": claim["claimName"] for claim, mount in mounted_claims(template)}
    return Work(
        digest_of(_code(component)),
        component.image.rpartition("@")[2] if isinstance(component.image, str) else "",
        {name: digest_of(_seen(component, datum, fingerprints)) for name, datum in given.items()} | claims,
        salt,
        digest_of([re.sub(r"\[\d+\]", "", path), sorted(component.outputs)]),
    )


def external_uris(inputs: Mapping[str, Datum]) -> list[str]:
    """The URIs of data whose content nobody has vouched for yet, each once."""
    return list(dict.fromkeys(artifact.uri for artifact in _artifacts(inputs.values()) if artifact.digest is None))


def is_stale(entry: Entry, max_staleness: int | None, now: datetime) -> bool:
    """Whether an entry is older than `max_staleness` seconds; None takes any age."""
    return max_staleness is not None and now - entry.made > timedelta(seconds=max_staleness)


def difference(work: Work, nearest: Work | None) -> str:
    """Why there is no entry for `work`: in what it differs from the `nearest` that was done."""
    if nearest is None:
        return NO_ENTRY
    if work.code != nearest.code:
        return COMPONENT_CHANGED
    if work.image != nearest.image:
        return IMAGE_CHANGED
    names = dict.fromkeys([*work.inputs, *nearest.inputs])
    changed = [name for name in names if work.inputs.get(name) != nearest.inputs.get(name)]
    return f"{INPUT_CHANGED}: {', '.join(changed)}" if changed else NO_ENTRY


def _code(component: Component) -> Any:
    """What a component does, as JSON: not its resources, nor how long its outputs may take."""
    convention = {} if component.convention == "Levada" else {"convention": component.convention}
    return convention | {
        "inputs": {name: [item.type, item.is_parameter] for name, item in component.inputs.items()},
        "outputs": {name: [item.type, item.is_parameter] for name, item in component.outputs.items()},
        "command": _plain(component.command),
        "args": _plain(component.args),
        "env": {name: _plain([argument]) for name, argument in component.env.items()},
    }


def _plain(arguments: Iterable[Argument]) -> list[Any]:
    plain: list[Any] = []
    for argument in arguments:
        if isinstance(argument, str):
            plain.append(argument)
        elif isinstance(argument, Reference):
            plain.append({argument.use: [argument.name, argument.key] if argument.key else argument.name})
        elif isinstance(argument, ExecutorInput):
            plain.append({"executorInput": {}})
        elif isinstance(argument, Concat):
            plain.append({"concat": _plain(argument.items)})
        else:
            plain.append({"if": [argument.input, _plain(argument.then), _plain(argument.otherwise)]})
    return plain


def _seen(component: Component, datum: Datum, fingerprints: Mapping[str, str]) -> Any:
    """What a component sees of an input: an executor of Kubeflow's also what was noted of artifacts."""
    content = _content(datum, fingerprints)
    if component.convention == "Levada" or not isinstance(datum, Artifact | tuple):
        return content
    return [content, [[artifact.type, dict(artifact.metadata)] for artifact in _artifacts([datum])]]


def _content(datum: Datum, fingerprints: Mapping[str, str]) -> Any:
    """A value itself, an artifact by its digest."""
    if isinstance(datum, tuple):
        return {"list": [_content(item, fingerprints) for item in datum]}
    if isinstance(datum, Artifact):
        return {"artifact": datum.digest or fingerprints[datum.uri]}
    return {"value": None if datum is ABSENT else datum}


def _artifacts(data: Iterable[Datum]) -> Iterator[Artifact]:
    for datum in data:
        if isinstance(datum, Artifact):
            yield datum
        elif isinstance(datum, tuple):
            yield from _artifacts(datum)
