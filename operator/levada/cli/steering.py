"""What may be said to a run in a cluster, by the fields of its spec that can change; the operator follows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from levada.api.base import API_VERSION
from levada.cli.cluster_start import FIELD_MANAGER
from levada.cli.exits import CommandError
from levada.cli.run_record import read_object
from levada.cli.run_view import FINAL, View
from levada.kube.client import Api
from levada.kube.clock import utc_now
from levada.kube.resource import PIPELINE_RUNS, SELF_REVIEWS
from levada.planner.approvals import approval
from levada.planner.flow.gates import Verdict

_SELF_REVIEW = "SelfSubjectReview"
Verb = Literal["cancel", "suspend", "resume"]


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a verb writes, and what is said where that stood there before, and where it did not."""

    field: str
    value: bool
    done: str
    was_so: str


_WISHES: Mapping[Verb, _Wish] = {
    "cancel": _Wish("cancel", value=True, done="is being cancelled", was_so="is being cancelled already"),
    "suspend": _Wish("suspend", value=True, done="no further task starts", was_so="is suspended already"),
    "resume": _Wish("suspend", value=False, done="goes on", was_so="is not suspended"),
}


async def steer(api: Api, namespace: str, name: str, verb: Verb) -> str:
    """Write the wish into the run's spec; what has come of that, in words.

    Raises
    ------
    CommandError
        There is no such run, it is over, or it is being cancelled.
    """
    run = await read_object(api, namespace, name)
    spec, phase, wish = run["spec"], run.get("status", {}).get("phase"), _WISHES[verb]
    if phase in FINAL:
        raise CommandError(f"the run {name!r} is over, it is {phase}: there is nothing to {verb}")
    if spec.get("cancel") and verb != "cancel":
        raise CommandError(f"the run {name!r} is being cancelled, which cannot be taken back")
    if bool(spec.get(wish.field)) is wish.value:
        return wish.was_so
    # With its uid: a run of the same name that somebody has made meanwhile is not meant.
    body = {"metadata": {"uid": run["metadata"]["uid"]}, "spec": {wish.field: wish.value}}
    await api.patch(PIPELINE_RUNS, namespace, name, body, field_manager=FIELD_MANAGER)
    return wish.done


async def approve(  # what is said to what
    api: Api, namespace: str, name: str, task: str, message: str, *, is_approved: bool
) -> str:
    """Say to the gate at `task` whether the run may pass; the name by which the API server knows the caller."""
    run = await read_object(api, namespace, name)
    review = await api.create(SELF_REVIEWS, None, {"apiVersion": SELF_REVIEWS.group_version, "kind": _SELF_REVIEW})
    author = str(review["status"]["userInfo"]["username"])
    item = approval(task, Verdict(is_approved, author, message), utc_now())
    body = {
        "apiVersion": API_VERSION,
        "kind": "PipelineRun",
        "metadata": {"name": name, "namespace": namespace, "uid": run["metadata"]["uid"]},
        "spec": {"approvals": [item]},
    }
    # Applied, each by an owner of its own: nobody who applies something else to the run takes it away.
    owner = f"{FIELD_MANAGER}-approval-{sha256(task.encode()).hexdigest()[:16]}"
    await api.patch(PIPELINE_RUNS, namespace, name, body, kind="apply", field_manager=owner)
    return author


def until_done(views: Iterator[View], verb: Verb) -> View:
    """How the run stands once it has come to what `verb` says.

    Raises
    ------
    CommandError
        When it ends otherwise before that.
    """
    for view in views:
        if _has_come(view, verb):
            return view
    raise CommandError(f"the run {view['name']!r} ended before that: it is {view['phase']}")


def _has_come(view: Mapping[str, Any], verb: Verb) -> bool:
    if verb == "cancel":
        return bool(view["phase"] == "Cancelled")
    if verb == "suspend":
        return bool(view["phase"] == "Suspended" and not view["counts"].get("running"))
    return bool(view["phase"] != "Suspended")
