"""Runs in a cluster's namespace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping

from levada.cli.cluster import Connection
from levada.cli.exits import CommandError
from levada.cli.run_record import read_object, read_run
from levada.cli.run_view import FINAL, View
from levada.cli.steering import approve
from levada.frontend.native import build_run
from levada.graph.model import Graph
from levada.kube.definition import MissingReferencesError, RecordLostError, gather, thaw
from levada.kube.errors import ApiError, ApiUnreachableError
from levada.kube.namespace_store import read_store
from levada.planner.approvals import verdicts
from levada.planner.flow.gates import Verdict
from levada.store.stores import Stores

_EVERY = 1.0
"""Seconds between two looks at a run: its status changes at most five times a second, eyes are slower."""
_OUTAGE = 120.0
"""Seconds without an answer after which following a run is given up."""
_FORBIDDEN = 403
_SERVER_TROUBLE = 500


class ClusterRuns:
    """The runs of `namespace`."""

    def __init__(self, connection: Connection, namespace: str) -> None:
        self.connection = connection
        self.namespace = namespace

    def read(self, name: str) -> View:
        """How a run stands now."""
        return self.connection.ask(read_run(self.connection.api, self.namespace, name))

    def follow(self, name: str) -> Iterator[View]:
        """How it stands, again whenever that changes; ends with the run."""
        return self.connection.each(self._follow(name))

    def graph(self, name: str) -> Graph:
        """The definition that it runs: as it was frozen, or what it would be now where it has not started."""
        return self.connection.ask(self._graph(name))

    def log(self, name: str, task: str, *, follow: bool) -> Iterator[bytes]:
        """The log of a task: of its Pod, or where that is gone what was kept of it."""
        from levada.cli.cluster_logs import task_log  # noqa: PLC0415

        return self.connection.each(task_log(self.connection.api, self.namespace, name, task, follow=follow))

    def approvals(self, name: str) -> Mapping[str, Verdict]:
        """What has been said to gates of the run."""
        run = self.connection.ask(read_object(self.connection.api, self.namespace, name))
        return verdicts(run["spec"].get("approvals", []))

    def approve(self, name: str, task: str, message: str, *, is_approved: bool) -> str:
        """Say it to a gate by the run's `approvals`."""
        return self.connection.ask(
            approve(self.connection.api, self.namespace, name, task, message, is_approved=is_approved)
        )

    def stores(self) -> Stores:
        """Where artifacts are read from: the namespace's store, with its keys if the caller may read them."""
        try:
            config = self.connection.ask(read_store(self.connection.api, self.namespace))
        except ApiError as error:
            if error.status != _FORBIDDEN:
                raise
            message = (
                f"you may not read the settings of the store in namespace {self.namespace} ({error.message}): ask for "
                "the role `edit` there, or fetch the artifact's URI with your own credentials (levada artifacts)"
            )
            raise CommandError(message) from None
        return Stores(config, ambient=True, patience=10.0)

    async def _follow(self, name: str) -> AsyncIterator[View]:
        shown: View | None = None
        answered = time.monotonic()
        while shown is None or shown["phase"] not in FINAL:
            try:
                view = await read_run(self.connection.api, self.namespace, name)
                answered = time.monotonic()
            except (ApiError, ApiUnreachableError) as error:
                passes = isinstance(error, ApiUnreachableError) or error.status >= _SERVER_TROUBLE
                if shown is None or not passes or time.monotonic() - answered > _OUTAGE:
                    raise
                view = shown
            if view != shown:
                shown = view
                yield view
            if view["phase"] not in FINAL:
                await asyncio.sleep(_EVERY)

    async def _graph(self, name: str) -> Graph:
        run = await read_object(self.connection.api, self.namespace, name)
        try:
            if run.get("status", {}).get("startTime"):
                definition = await thaw(self.connection.api, run)
            else:
                definition = await gather(self.connection.api, self.namespace, run["spec"])
        except RecordLostError as lost:
            raise CommandError(str(lost)) from None
        except MissingReferencesError as missing:
            raise CommandError(f"the run {name!r} has no graph yet: there is no {missing}") from None
        graph, _ = build_run(definition.run, definition.pipelines, definition.components)
        return graph
