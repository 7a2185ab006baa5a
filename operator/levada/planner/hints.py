"""What a Pod's Events say about why it does not start."""

from __future__ import annotations

from collections.abc import Sequence

from levada.planner.attempt import Waiting

_MEANINGS = {
    "FailedMount": "a volume cannot be mounted; is its Secret, ConfigMap or claim there?",
    "FailedAttachVolume": "a volume cannot be attached to the node",
    "FailedCreatePodSandBox": "the node cannot make the Pod's network or sandbox",
}
_LONGEST = 500


def hint_of(events: Sequence[tuple[str, str]]) -> Waiting:
    """The hint in a Pod's Warning events, given as reason and note with the oldest first; empty when none tells."""
    for reason, note in reversed(events):
        if reason in _MEANINGS:
            return Waiting(reason, f"{_MEANINGS[reason]} ({note[:_LONGEST]})")
    return Waiting()
