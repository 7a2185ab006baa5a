"""From a Pod's status to what its attempt is doing.

Done is read from the container statuses, not from the phase, which follows 1.4 to 2.0 s later. Nothing here is
concluded from a deletion timestamp alone: a deleted Pod's containers may still run.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from levada.graph.model import Component
from levada.planner import reasons
from levada.planner.attempt import Doomed, Failure, ManifestNeeded, Running, Sighting, Waiting
from levada.planner.handoff import Manifest, OutputRecord, Report, decode_report
from levada.planner.podview import ContainerStatus, PodView, Terminated
from levada.planner.results import outcome_of

MAIN = "main"
AGENT = "agent"
STOP_DEADLINE = 1
"""`activeDeadlineSeconds` of a Pod that is to end now; the kubelet gives its containers their grace."""
CLEAR_DEADLINE = 2
"""That of a Pod of which only what outstays its main container is to end: how that ended stands."""

_REJECTIONS = (
    "OutOf",
    "NodeAffinity",
    "NodeSelector",
    "UnexpectedAdmissionError",
    "Preempting",
    "NodeShutdown",
    "Terminated",
    "NodeLost",
    "Shutdown",
)
"""`status.reason` of Pods that a kubelet turned away or lost, by prefix."""

_AGENT_STARVED = "the agent used more memory than its limit; the installation's tasks.agentResources set it"

_HINTS = {
    "ErrImagePull": "the image cannot be pulled; check its name and the pull secrets",
    "ImagePullBackOff": "the image cannot be pulled; check its name and the pull secrets",
    reasons.INVALID_IMAGE: "the image name cannot be read",
    "ErrImageNeverPull": "the image is not on the node and imagePullPolicy is Never",
    "CreateContainerConfigError": "a Secret or ConfigMap is missing, or a security setting is refused",
    "CreateContainerError": "the container cannot be made",
    "RunContainerError": "the container cannot be started",
}


def sight(
    pod: PodView,
    component: Component,
    manifest: Manifest | None = None,
    *,
    hint: Waiting | None = None,
    pending_since: datetime,
    deadline: datetime,
    now: datetime,
) -> Sighting:
    """What the attempt in `pod` is doing.

    Parameters
    ----------
    pod
        The Pod as last seen.
    component
        What it runs: says which outputs there must be.
    manifest
        The attempt's manifest, once it was read after `ManifestNeeded`.
    hint
        What its Events tell, where it `waits_mutely`.
    pending_since, deadline
        Since when it has been waiting to start, and when that ends (`pendingTimeout`).
    now
        The time of this decision.
    """
    main, agent = pod.container(MAIN), pod.container(AGENT)
    ended = main.state.terminated if main else None
    has_agent = agent is not None
    if main and ended:
        if agent and not agent.state.terminated and pod.status.phase not in ("Succeeded", "Failed"):
            return Running(ended.started_at)
        return _ended(pod, component, ended, agent, manifest)
    if pod.status.phase == "Failed":
        return _failed_without_main(pod)
    if main and main.state.running:
        return Running(main.state.running.started_at)
    if pod.metadata.deletion_timestamp and not pod.spec.node_name:
        return Failure(reasons.POD_DELETED, "the Pod was deleted before it was scheduled")
    if agent and (gone := _agent_end(agent)):
        return Doomed(_agent_failure(gone))
    waiting = hint if hint and waits_mutely(pod) else _waiting(pod, main, agent)
    if waiting.reason == reasons.INVALID_IMAGE:
        return Doomed(Failure(reasons.INVALID_IMAGE, waiting.message))
    staging = has_agent and waiting.reason == "Staging"
    if now >= deadline and not staging:
        spent = _human(now - pending_since)
        why = f": {waiting.reason}: {waiting.message}" if waiting.reason else ""
        return Doomed(Failure(reasons.PENDING_TIMEOUT, f"could not start within {spent} (pendingTimeout){why}"))
    return waiting


def waits_mutely(pod: PodView) -> bool:
    """Whether `pod` waits on its node, and its status does not say for what."""
    is_waiting = pod.status.phase == "Pending" and bool(pod.spec.node_name)
    return is_waiting and not _waiting(pod, pod.container(MAIN), pod.container(AGENT)).reason


def is_outstayed(pod: PodView) -> bool:
    """Whether a container that somebody put into `pod` runs on after the main one: the kubelet waits for it for ever.

    Sidecars, ours and others', are init containers: those the kubelet stops itself.
    """
    main = pod.container(MAIN)
    ended = main is not None and main.state.terminated is not None
    return ended and any(status.state.running for status in pod.status.container_statuses)


def is_dead(pod: PodView) -> bool:
    """Whether it is proven that no container of `pod` runs any more: every one ended, or none ever had a node."""
    if not pod.spec.node_name:
        return pod.metadata.deletion_timestamp is not None or pod.status.phase == "Failed"
    if pod.status.phase in ("Succeeded", "Failed"):
        return True
    statuses = [*pod.status.container_statuses, *pod.status.init_container_statuses]
    return bool(statuses) and all(status.state.terminated for status in statuses)


def _ended(
    pod: PodView, component: Component, ended: Terminated, agent: ContainerStatus | None, manifest: Manifest | None
) -> Sighting:
    times = (ended.started_at, ended.finished_at)
    if ended.exit_code != 0 or ended.reason == reasons.OOM_KILLED:
        return _main_failure(pod, component, ended)
    if agent is None:
        return outcome_of(component, {name: OutputRecord(text=ended.message) for name in component.outputs}, *times)
    gone = agent.state.terminated
    report = decode_report(gone.message) if gone else None
    if report is None:
        return Failure(reasons.OUTPUTS_LOST, _why_lost(component, gone), 0, "", *times)
    if report.error:
        return Failure(report.error.reason, report.error.message, 0, "", *times)
    return _reported(component, report, manifest, times)


def _why_lost(component: Component, agent: Terminated | None) -> str:
    if agent and agent.reason == reasons.OOM_KILLED:
        return f"the outputs were not stored: {_AGENT_STARVED}"
    code = f" (it ended with exit code {agent.exit_code})" if agent else ""
    return (
        f"the outputs were not stored before the Pod's grace of {component.output_grace} s ended{code}; "
        "set a longer outputGracePeriod on the component"
    )


def _reported(
    component: Component, report: Report, manifest: Manifest | None, times: tuple[datetime | None, datetime | None]
) -> Sighting:
    if report.outputs is not None:
        return outcome_of(component, report.outputs, *times)
    if manifest is None:
        return ManifestNeeded(report.manifest or "")
    return outcome_of(component, manifest.outputs, *times)


def _main_failure(pod: PodView, component: Component, ended: Terminated) -> Failure:
    log = ended.message if component.log_tail else ""
    rest = (ended.exit_code, log, ended.started_at, ended.finished_at)
    disruption = _disruption(pod)
    if disruption:
        return Failure(disruption.reason, disruption.message, *rest)
    if pod.status.reason == "DeadlineExceeded" and pod.spec.active_deadline_seconds != CLEAR_DEADLINE:
        return Failure(reasons.TIMEOUT, "stopped at its deadline", *rest)
    if pod.status.reason == reasons.EVICTED:
        return Failure(
            reasons.EVICTED, pod.status.message or "evicted for using too much of the node's disk or memory", *rest
        )
    if ended.reason == reasons.OOM_KILLED:
        return Failure(reasons.OOM_KILLED, "used more memory than its limit; raise resources.limits.memory", *rest)
    if pod.metadata.deletion_timestamp:
        return Failure(reasons.POD_DELETED, "its Pod was deleted while it ran", *rest)
    if ended.reason in ("ContainerCannotRun", "StartError"):
        return Failure(reasons.ERROR, f"the command could not be started: {ended.message}", *rest)
    return Failure(reasons.ERROR, f"exited with code {ended.exit_code}", *rest)


def _failed_without_main(pod: PodView) -> Failure:
    disruption = _disruption(pod)
    if disruption:
        return disruption
    reason, message = pod.status.reason, pod.status.message
    if reason == reasons.EVICTED:
        return Failure(reasons.EVICTED, message or "evicted")
    if reason == "DeadlineExceeded":
        return Failure(reasons.TIMEOUT, "stopped at its deadline before it started")
    if reason.startswith(_REJECTIONS):
        return Failure(reasons.REJECTED, f"the node refused the Pod: {reason}: {message}")
    if pod.metadata.deletion_timestamp:
        return Failure(reasons.POD_DELETED, "its Pod was deleted before it started")
    return Failure(
        reasons.REJECTED, f"the Pod failed before its container ran: {reason or 'no reason given'}: {message}"
    )


def _disruption(pod: PodView) -> Failure | None:
    condition = pod.condition("DisruptionTarget")
    if condition is None or condition.status != "True":
        return None
    return Failure(reasons.DISRUPTED, f"{condition.reason}: {condition.message}")


def _agent_end(agent: ContainerStatus) -> Terminated | None:
    return agent.state.terminated or (agent.last_state.terminated if not agent.state.running else None)


def _agent_failure(gone: Terminated) -> Failure:
    report = decode_report(gone.message)
    if report and report.error:
        return Failure(report.error.reason, report.error.message)
    if gone.reason == reasons.OOM_KILLED:
        return Failure(reasons.AGENT_FAILED, f"the task could not start: {_AGENT_STARVED}")
    tail = gone.message.strip()[-500:]
    return Failure(
        reasons.AGENT_FAILED,
        f"the agent ended with exit code {gone.exit_code} before the task started: {tail or gone.reason}",
    )


def _waiting(pod: PodView, main: ContainerStatus | None, agent: ContainerStatus | None) -> Waiting:
    scheduled = pod.condition("PodScheduled")
    if scheduled and scheduled.status == "False":
        return Waiting(scheduled.reason or "Unschedulable", scheduled.message)
    for container in (agent, main):
        waiting = container.state.waiting if container else None
        if waiting and waiting.reason in _HINTS:
            detail = f" ({waiting.message})" if waiting.message else ""
            return Waiting(waiting.reason, _HINTS[waiting.reason] + detail)
    if agent and agent.state.running:
        return Waiting("Staging", "the agent brings the inputs")
    return Waiting()


def _human(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{seconds % 60:02}s" if minutes else f"{seconds}s"
