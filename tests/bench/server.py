"""What the API server says of itself: requests by verb and resource."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain

VERBS = ("POST", "PUT", "PATCH", "DELETE", "GET", "LIST", "WATCH")
_WRITES = VERBS[:4]
_SAME = {"APPLY": "PATCH", "DELETECOLLECTION": "DELETE"}
_WATCHED = ("pods", "pipelineruns", "pipelines", "components")
"""Whoever is measured watches no others; the server itself watches many."""
_LABEL = re.compile(r'(\w+)="([^"]*)"')


def requests(metrics: str) -> Counter[str]:
    """How many of each, such as `PATCH pods/status`, there have been; refused ones are left out.

    A watch counts when it begins: those that are over are counted with those that are open.
    """
    answered = (each for each in _samples(metrics, "request_total") if each[0]["code"].startswith("2"))
    watching = (each for each in _samples(metrics, "longrunning_requests") if each[0]["verb"] == "WATCH")
    found: Counter[str] = Counter()
    for labels, count in chain(answered, watching):
        verb = _SAME.get(labels["verb"], labels["verb"])
        resource = "/".join(part for part in (labels["resource"], labels["subresource"]) if part)
        if verb in VERBS and (verb != "WATCH" or resource in _WATCHED):
            found[f"{verb} {resource}"] += count
    return found


def by_verb(sent: Counter[str]) -> dict[str, int]:
    """How many requests of each verb, whatever they are for; 0 where there were none."""
    found = dict.fromkeys(VERBS, 0)
    for what, count in sent.items():
        found[_verb(what)] += count
    return found


def task_writes(sent: Counter[str]) -> int:
    """Those that change something for a task: statuses are counted in time, and the lease is nobody's task."""
    return sum(
        count
        for what, count in sent.items()
        if _verb(what) in _WRITES and what not in ("PATCH pipelineruns/status", "PUT leases")
    )


def _samples(metrics: str, name: str) -> Iterator[tuple[dict[str, str], int]]:
    """The labels and the number of each line of `apiserver_NAME`."""
    for labels, number in re.findall(rf"^apiserver_{name}\{{(.*)\}} (\S+)$", metrics, re.MULTILINE):
        yield dict(_LABEL.findall(labels)), int(float(number))


def _verb(what: str) -> str:
    return what.partition(" ")[0]
