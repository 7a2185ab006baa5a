"""One run at work: what is seen of its Pods goes into the planner, what the planner wants goes to the API server.

A Pod is let go only once its result is recorded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from levada.graph.model import Datum, Graph
from levada.kube import task_pods
from levada.kube.answers import Answers, Tower
from levada.kube.client import Api
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.failed_logs import FailedLogs
from levada.kube.hearing import Hearing
from levada.kube.kept import rows_of
from levada.kube.letting_go import LettingGo
from levada.kube.orders import Orders
from levada.kube.pod_hints import PodHints
from levada.kube.record import Record
from levada.kube.run_store import RunStore
from levada.planner import reasons
from levada.planner.attempt import Failure, ManifestNeeded, Sighting, Waiting
from levada.planner.encoding import timestamp
from levada.planner.flow.rerun import NOTHING, Results
from levada.planner.lingering import Lingering
from levada.planner.names import pod_name
from levada.planner.nodes import Gate, Leaf, Node, Order
from levada.planner.plan import Start
from levada.planner.pod import GRACE, BuiltPod, RunIdentity, build_pod
from levada.planner.podview import PodView
from levada.planner.refusal import Refusal
from levada.planner.run import Run
from levada.planner.settings import PodSettings
from levada.planner.sighting import is_dead, is_outstayed, sight, waits_mutely
from levada.store.errors import StoreError

_log = logging.getLogger(__name__)

PENDING_PACE = timedelta(seconds=1)
"""The shortest time between two looks at a Pod that waits to start and of which nothing is heard."""
RETRY_FIRST, RETRY_LONGEST = timedelta(seconds=1), timedelta(seconds=30)
"""First and longest wait before a Pod that was refused is tried again."""
MOST_NEWS = 20
"""Failed tasks of one run that are told one by one."""
MOST_STARTS = 16
"""Attempts that one step starts, one for each connection: more would only make the status and other runs wait."""
STORE_AGAIN = timedelta(seconds=5)
"""The time until a store that did not answer is asked again."""


@dataclass(slots=True)
class ActiveRun:
    """The state of one unfinished run while this replica leads; all of it can be built anew from the API server.

    Attributes
    ----------
    run
        The planner's view.
    pods, lingering
        The run's Pods by name, as last seen, and which of them are gone and may still run.
    hearing
        What people say to its gates.
    answers
        What is looked for instead of being done again.
    _live
        The attempts under way, by their Pods.
    _attempts
        The task's path and the attempt that a Pod is, by its name: what its annotations say later does not count.
    _look_at
        When to look again at Pods of which the watch may never tell any more.
    _store_away
        Until when the store is not asked for manifests, and why: each answer that does not come takes many seconds.
    """

    record: Record
    graph: Graph
    inputs: Mapping[str, Datum]
    settings: PodSettings
    store: RunStore
    pending_timeout: timedelta
    tower: Tower
    earlier: Results = NOTHING
    run: Run = field(init=False)
    pods: dict[str, PodView] = field(default_factory=dict)
    lingering: Lingering = field(default_factory=Lingering)
    hearing: Hearing = field(init=False)
    answers: Answers = field(init=False)
    _orders: Orders = field(init=False)
    _hints: PodHints = field(init=False)
    _live: dict[str, tuple[Leaf, int]] = field(default_factory=dict)
    _attempts: dict[str, tuple[str, int]] = field(default_factory=dict)
    _look_at: dict[str, datetime] = field(default_factory=dict)
    _store_away: tuple[datetime, Waiting] = (datetime.min.replace(tzinfo=UTC), Waiting())
    _letting_go: LettingGo = field(init=False)
    _pending_since: dict[str, datetime] = field(default_factory=dict)
    _logs: FailedLogs = field(init=False)
    _told: int = 0

    def __post_init__(self) -> None:
        identity = self.identity
        facts = {"name": identity.name, "namespace": identity.namespace, "uid": identity.uid}
        facts["startTime"] = timestamp(self.record.started)
        rows = rows_of(self.record.object.get("status", {}))
        self.run = Run(
            self.graph, self.inputs, started=self.record.started, facts=facts, earlier=self.earlier, recorded=rows
        )
        self.answers = Answers(self.run, self.store.finder(identity), self.tower)
        self.hearing = Hearing(self.graph)
        self._orders = Orders(self.run, self._api, identity, self.pending_timeout)
        self._hints = PodHints(self._api)
        self._letting_go = LettingGo(self.run, self._api, self._attempts)
        self._logs = FailedLogs(self.store, identity)

    @property
    def identity(self) -> RunIdentity:
        """What the run's Pods need to know of it."""
        metadata = self.record.object["metadata"]
        return RunIdentity(metadata["name"], metadata["namespace"], metadata["uid"], self.store.url, self.store.fault)

    @property
    def _api(self) -> Api:
        return self.record.api

    async def resume(self, now: datetime) -> None:
        """Take over what the status recorded before a restart."""
        await self.record.restore(self.run, now)
        for leaf in self.run.leaves.values():
            if leaf.phase.is_final or isinstance(leaf, Gate | Order) or not (leaf.is_started or leaf.pod):
                continue
            name = self._pod_name(leaf)
            if leaf.is_started or leaf.pod == name:  # that its Pod has gone meanwhile nothing may tell
                self._expect(name, leaf, now)
        self._told = len(self.run.failed)

    def _expect(self, name: str, leaf: Leaf, now: datetime) -> None:
        """The attempt of `leaf` has had its Pod: see what became of that."""
        leaf.pod = name
        self._live[name] = (leaf, leaf.attempt)
        self._attempts[name] = (leaf.path, leaf.attempt)
        self._look_at[name] = now
        if not leaf.is_started:
            self.run.observe(leaf.path, leaf.attempt, Waiting(), now)

    def news(self) -> list[Node]:
        """The tasks that have failed since this was last asked, the first few of a run."""
        failed = self.run.failed[self._told : MOST_NEWS]
        self._told = len(self.run.failed)
        return failed

    def patience(self, name: str, news: int) -> float:
        """Seconds for which what happened to a Pod may wait, there being news of so many of the run's Pods.

        Where nothing waits for it, until the status may be written: hundreds of tasks that end one by one take
        a few steps then, and not hundreds.
        """
        leaf, _ = self._live.get(name, (None, 0))
        return self.record.due_in if leaf and not self.run.is_awaited(leaf, news) else 0.0

    async def step(self, changed: set[str], now: datetime, room: Callable[[], int | None]) -> float | None:
        """Bring the run forward, with no more starts than `room` says when it comes to that.

        Returns the seconds after which to look again, if it is to be looked at by itself.
        """
        waits: list[float] = []
        spec = self.record.object["spec"]
        self.run.brace(cancel=spec.get("cancel", False))
        for name in sorted(looked_at := changed | self._due(now)):
            await self._see(name, now)
        await self._logs.keep()
        self.run.steer(now, suspend=spec.get("suspend", False), cancel=spec.get("cancel", False))
        self.hearing.listen(self.run, spec, now)
        waits += [0.0] if await self.answers.ask(now) else []
        plan = self.run.plan(now, _at_most(room()))
        if plan.flush:
            await self.record.write(self.run, now, force=True)
            plan = self.run.plan(now, _at_most(room()))
        waits += await _all(self.record.write(self.run, now), *(self._start(start, now) for start in plan.starts))
        waits += [0.0] if len(plan.starts) == MOST_STARTS else []
        waits += await self._orders.go_on(now)
        for leaf in plan.stops:
            await self._stop(leaf, now)
        if wait := await self.record.write(self.run, now):
            waits.append(wait)
        waits += await self._letting_go.go_on(self.pods, looked_at)
        waits += [(at - now).total_seconds() for at in (plan.wake, min(self._look_at.values(), default=None)) if at]
        return max(0.01, min(waits)) if waits else None

    def _pod_name(self, leaf: Leaf) -> str:
        identity = self.identity
        return pod_name(identity.name, identity.uid, leaf.path, leaf.attempt)

    def _due(self, now: datetime) -> set[str]:
        """The Pods to look at though nothing tells that they have changed."""
        return {name for name, at in self._look_at.items() if at <= now}

    async def _see(self, name: str, now: datetime) -> None:
        self._look_at.pop(name, None)
        pod = self.pods.get(name)
        if pod is None or not self.is_ours(pod):
            if name in self._live:
                await self._look_for(name, now)
            return
        path, attempt = self._attempts.setdefault(name, task_pods.attempt_of(pod))
        leaf = self.run.leaves.get(path)
        if leaf is None or attempt != leaf.attempt or leaf.phase.is_final:
            return
        if name not in self._live and name != self._pod_name(leaf):
            return  # somebody else's Pod that says that we own it
        self._live[name] = (leaf, attempt)
        leaf.pod = name
        sighting = await self._sight(pod, leaf, now)
        self.run.observe(path, attempt, sighting, now, dead=is_dead(pod))
        if is_outstayed(pod):
            await task_pods.clear(self._api, pod)
        if leaf.phase.is_final or leaf.attempt != attempt:
            self._live.pop(name, None)
            self._hints.forget(pod)
            what = leaf.phase if leaf.phase.is_final else f"failed ({leaf.reason}), to be tried again"
            _log.info("attempt %d ended: %s", attempt, what, extra={"task": path})
            self._logs.note(pod, leaf, attempt)
        else:
            self._remember_to_look(pod, leaf, now)

    def is_ours(self, pod: PodView) -> bool:
        """Whether the run made `pod`: it owns it, or did while the attempt of that name is under way."""
        is_disowned = pod.metadata.name in self._live and task_pods.is_orphan(pod)
        return is_disowned or task_pods.is_ours(pod, self.identity.uid)

    async def _sight(self, pod: PodView, leaf: Leaf, now: datetime) -> Sighting:
        """What the attempt in `pod` is doing; where its manifest is needed and the store is away, that it waits."""
        since = pod.metadata.creation_timestamp or now
        deadline = since + self.pending_timeout
        hint = await self._hints.of(pod, now) if waits_mutely(pod) else None
        sighting = sight(pod, leaf.component, hint=hint, pending_since=since, deadline=deadline, now=now)
        if isinstance(sighting, ManifestNeeded):
            if now < self._store_away[0]:
                return self._wait_for_store(pod)
            try:
                manifest = await self.store.read_manifest(self.identity, leaf.path, leaf.attempt, sighting.digest)
            except StoreError as error:
                if error.reason in (reasons.STORE_UNAVAILABLE, reasons.STORE_DENIED):
                    self._store_away = now + STORE_AGAIN, Waiting(error.reason, error.message)
                    return self._wait_for_store(pod)
                return Failure(error.reason, error.message, 0)
            sighting = sight(pod, leaf.component, manifest, pending_since=since, deadline=deadline, now=now)
        return sighting

    def _wait_for_store(self, pod: PodView) -> Waiting:
        """Look at `pod` again when the store is asked again; what it waits for."""
        self._look_at[pod.metadata.name], away = self._store_away
        return away

    def _remember_to_look(self, pod: PodView, leaf: Leaf, now: datetime) -> None:
        """Look again at a Pod that waits to start: its status may never change again."""
        created = pod.metadata.creation_timestamp
        if leaf.phase != "Pending" or not created or leaf.doom:
            return
        at = created + self.pending_timeout
        if waits_mutely(pod):
            at = min(at, self._hints.due(pod, now))
        self._look_at.setdefault(pod.metadata.name, max(at, now + PENDING_PACE))

    async def _look_for(self, name: str, now: datetime) -> None:
        """A Pod that is expected and not in the watch, or another's is: ask, and only then conclude that it is gone."""
        leaf, attempt = self._live[name]
        found = await task_pods.find(self._api, self.identity.namespace, name)
        if found is not None and self.is_ours(found):
            found = await task_pods.label(self._api, found, self.identity.name)
            if name not in self.pods or not self.is_ours(self.pods[name]):  # else the watch was faster, and knows more
                self.pods[name] = found
                self.lingering.here(name)
            await self._see(name, now)
            return
        grace = timedelta(seconds=max(GRACE, leaf.component.output_grace))
        if now < (dead_by := self.lingering.dead_by(name, grace, now)):
            self._look_at[name] = dead_by
            waiting = f"its Pod is gone, and until {timestamp(dead_by)} something of it may still run"
            self.run.observe(leaf.path, attempt, Waiting(reasons.POD_LOST, waiting), now)
            return
        del self._live[name]
        lost = Failure(reasons.POD_LOST, "its Pod was removed by force before its result was known")
        self.run.observe(leaf.path, attempt, lost, now, dead=True)

    async def _start(self, start: Start, now: datetime) -> float | None:
        """Create the attempt's Pod. Returns the seconds after which to look again, unless the Pod will tell."""
        leaf, identity = start.leaf, self.identity
        if isinstance(leaf, Order):
            return await self._orders.start(leaf, now)
        built = build_pod(
            identity, leaf.path, start.attempt, leaf.component, start.inputs, start.template, self.settings
        )
        if isinstance(built, Failure):
            self.run.observe(leaf.path, start.attempt, built, now)
            return 0.0
        name = built.manifest["metadata"]["name"]
        if self.lingering.has(name):  # it went before the status told of it: it is looked for, and not made twice
            self._expect(name, leaf, now)
            return 0.0
        since = self._pending_since.setdefault(name, now)
        created = await self._create(built)
        if isinstance(created, PodView):
            pod = self.pods.setdefault(name, created)  # the watch may have been faster, and knows more
            self._live[name] = (leaf, start.attempt)
            self._attempts[name] = (leaf.path, start.attempt)
            leaf.pod = name
            self.run.observe(leaf.path, start.attempt, Waiting(), now)
            if pod.status.container_statuses:  # an adopted one may have ended already, and then never changes again
                self._look_at[name] = now
            else:
                self._remember_to_look(pod, leaf, now)
            _log.info("attempt %d started as Pod %s", start.attempt, name, extra={"task": leaf.path})
            return None
        left = since + self.pending_timeout - now
        if created.is_lasting or left <= timedelta():
            reason = created.reason if created.is_lasting else reasons.PENDING_TIMEOUT
            self.run.observe(leaf.path, start.attempt, Failure(reason, created.message), now)
            return 0.0
        pause = min(RETRY_FIRST + (now - since), RETRY_LONGEST, left)
        self.run.refuse(leaf.path, created.reason, created.message, now + pause)
        return pause.total_seconds()

    async def _create(self, built: BuiltPod) -> PodView | Refusal:
        try:
            await self.store.put_values(built.values)
            return await task_pods.create(self._api, built.manifest)
        except StoreError as error:
            return Refusal(error.reason, error.message)
        except (ApiError, ApiUnreachableError) as error:
            return Refusal("ApiError", str(error))

    async def _stop(self, leaf: Leaf, now: datetime) -> None:
        if isinstance(leaf, Order):
            self._orders.stop(leaf, now)
            return
        pod = self.pods.get(self._pod_name(leaf))
        if pod:
            await task_pods.stop(self._api, pod, GRACE)


async def _all(*under_way: Awaitable[float | None]) -> list[float]:
    """What they return, once all of them are done; then the first failure, if there is one."""
    ended = await asyncio.gather(*under_way, return_exceptions=True)
    for failure in ended:
        if isinstance(failure, BaseException):
            raise failure
    return [seconds for seconds in ended if isinstance(seconds, int | float)]


def _at_most(room: int | None) -> int:
    """The starts of one step."""
    return MOST_STARTS if room is None else min(room, MOST_STARTS)
