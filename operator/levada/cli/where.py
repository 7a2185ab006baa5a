"""Where a command's runs are: in a cluster's namespace, or on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from levada.cli.cluster_runs import ClusterRuns
    from levada.cli.runs import Runs


@dataclass(frozen=True, slots=True)
class Where:
    """What `-n`, `--local`, `--kubeconfig` and `--context` say."""

    namespace: str | None = None
    local: bool = False
    kubeconfig: str | None = None
    context: str | None = None

    def within(self, namespace: str) -> "Where":
        """The same place, another namespace."""
        return replace(self, namespace=namespace)

    @contextmanager
    def open(self) -> "Iterator[Runs]":
        """The runs there."""
        if self.local:
            from levada.local.runs import LocalRuns  # noqa: PLC0415

            yield LocalRuns()
        else:
            with self.cluster() as runs:
                yield runs

    @contextmanager
    def cluster(self) -> "Iterator[ClusterRuns]":
        """The runs of the cluster's namespace."""
        from levada.cli.cluster import connected, current_namespace  # noqa: PLC0415
        from levada.cli.cluster_runs import ClusterRuns  # noqa: PLC0415

        namespace = self.namespace or current_namespace(self.kubeconfig, self.context)
        with connected(self.kubeconfig, self.context) as connection:
            yield ClusterRuns(connection, namespace)
