"""The faults of requests by name: what happens, and what is seen of it. `docs/reference/faults.md` lists them."""

import re
from dataclasses import dataclass

from faults import actions
from faults.proxy import Action, Fault


@dataclass(frozen=True)
class Moment:
    """A request of a run: in words, its verb and resource, a pattern in it, and which of those that match."""

    words: str
    verb: str
    resource: str
    about: str = ""
    at: int = 1


@dataclass(frozen=True)
class Kind:
    """What happens to a request, in words, what is seen of it, and how it is done."""

    words: str
    seen: str
    do: Action


MOMENTS = {
    "read": Moment("the run is read", "get", "pipelineruns"),
    "mark": Moment("the run is marked as started", "patch", "pipelineruns"),
    "freeze": Moment("its definition is kept", "create", "configmaps"),
    "begin": Moment("its status says that it runs", "patch", "pipelineruns/status"),
    "start": Moment("a task's Pod is created", "create", "pods"),
    "record": Moment("progress is recorded", "patch", "pipelineruns/status", at=3),
    "again": Moment("the Pod of a second attempt is created", "create", "pods", '"LEVADA_ATTEMPT","value":"1"'),
    "end": Moment("the end is recorded", "patch", "pipelineruns/status", '"duration"'),
    "release": Moment("an ended Pod is let go", "patch", "pods"),
    "event": Moment("an Event is posted", "create", "events"),
}
KINDS = {
    "answer-lost": Kind(
        "the request is carried out and the connection breaks before its answer",
        "nothing: the state is read again, what was done is found done",
        actions.lose_answer,
    ),
    "unsent": Kind("the connection breaks before the request arrives", "nothing: it is sent again", actions.close),
    "unanswered": Kind(
        "the request is carried out and never answered", "10 s later it goes on", actions.keep_answer
    ),
    "swallowed": Kind("the request never arrives and nobody says so", "10 s later it goes on", actions.swallow),
    "late": Kind("the request arrives 3 s late", "3 s more", actions.delay(3)),
    "garbled": Kind(
        "the request is carried out and half of the answer comes", "as if it had been lost", actions.garble
    ),
    "401": Kind(
        "401 Unauthorized", "nothing: the credentials are read again", actions.refuse(401, "Unauthorized")
    ),
    "403": Kind(
        "403 Forbidden", "the reason, in the task or as `ReconcileFailed`, until it is allowed",
        actions.refuse(403, "Forbidden"),
    ),
    "409": Kind("409 Conflict", "nothing: what is there is read again", actions.refuse(409, "Conflict")),
    "429": Kind(
        "429 with Retry-After", "a second more", actions.refuse(429, "TooManyRequests", **{"Retry-After": "1"})
    ),
    "500": Kind("500 Internal Server Error", "a second more", actions.refuse(500, "InternalError")),
    "503": Kind("503 Service Unavailable", "a second more", actions.refuse(503, "ServiceUnavailable")),
}  # fmt: skip
_PLAYED = {
    "answer-lost": "mark freeze begin start record again end release event",
    "unsent": "read freeze begin start record release",
    "unanswered": "start record",
    "swallowed": "freeze",
    "late": "start record",
    "garbled": "read start record",
    "401": "start record",
    "403": "start record release",
    "409": "freeze start record release",
    "429": "read start end",
    "500": "freeze start record release",
    "503": "start record",
}
REQUESTS = {f"{kind}-{moment}": (KINDS[kind], MOMENTS[moment])
            for kind, moments in _PLAYED.items() for moment in moments.split()}  # fmt: skip


def fault_of(name: str, run: str) -> Fault:
    """That fault, of that run."""
    kind, moment = REQUESTS[name]
    return Fault(moment.verb, moment.resource, kind.do, about(run, moment.about), moment.at)


def about(*texts: str) -> str:
    """A pattern for what holds all of `texts`."""
    return "(?s)" + "".join(f"(?=.*{re.escape(text)})" for text in texts)
