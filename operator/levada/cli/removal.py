"""What `levada uninstall` does in the cluster, in this order: stop, wait, release, delete."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from levada.cli.exits import CommandError, Exit
from levada.kube.client import Api
from levada.kube.errors import ApiError
from levada.kube.resource import PODS, PartialObject, Resource
from levada.planner.names import RESULT_FINALIZER, RUN_LABEL

OPERATOR = "app.kubernetes.io/name=levada,app.kubernetes.io/component=operator"
DEPLOYMENTS = Resource("apps/v1", "deployments")
CRDS = Resource("apiextensions.k8s.io/v1", "customresourcedefinitions")
KINDS = ("pipelineruns", "pipelines", "components")

_NOT_FOUND = 404
_CONFLICT = 409
_POLL = 1.0


@dataclass(frozen=True, slots=True)
class Removal:
    """Removes what the operator in `namespace` holds; `say` shows progress."""

    api: Api
    namespace: str
    timeout: float
    say: Callable[[str], None]

    async def run(self, *, delete_crds: bool) -> int:
        """Do it all; returns how many Pods were released.

        Raises
        ------
        CommandError
            When the operator does not end in time.
        """
        await self._stop()
        await self._wait()
        released = await self._release()
        if delete_crds:
            await self._delete_kinds()
        return released

    async def _stop(self) -> None:
        deployments = await self.api.list(PartialObject, DEPLOYMENTS, self.namespace, labels=OPERATOR)
        if not deployments:
            self.say(f"there is no operator in {self.namespace}")
        for deployment in deployments:
            name = deployment.metadata.name
            self.say(f"stopping the operator: Deployment {name} to 0 replicas")
            await self.api.patch(DEPLOYMENTS, self.namespace, name, {"spec": {"replicas": 0}}, subresource="scale")

    async def _wait(self) -> None:
        """Wait until no operator runs that could put a finalizer on again."""
        try:
            async with asyncio.timeout(self.timeout):
                while pods := await self.api.list(PartialObject, PODS, self.namespace, labels=OPERATOR):
                    self.say(f"waiting for {', '.join(pod.metadata.name for pod in pods)} to end")
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            message = f"the operator still runs after {self.timeout:g} s; nothing was released, try again"
            raise CommandError(message, Exit.UNREACHABLE) from None

    async def _release(self) -> int:
        pods = await self.api.list(PartialObject, PODS, labels=RUN_LABEL, metadata_only=True)
        held = [pod for pod in pods if RESULT_FINALIZER in pod.metadata.finalizers]
        self.say(f"releasing {len(held)} Pods")
        return sum(await asyncio.gather(*(self._release_one(pod) for pod in held)))

    async def _release_one(self, pod: PartialObject) -> bool:
        """Take our finalizer off, and only ours; False when the Pod is gone already."""
        # The uid: a Pod of the same name that was made meanwhile is not meant.
        metadata = {"uid": pod.metadata.uid, "$deleteFromPrimitiveList/finalizers": [RESULT_FINALIZER]}
        try:
            await self.api.patch(
                PODS, pod.metadata.namespace, pod.metadata.name, {"metadata": metadata}, kind="strategic"
            )
        except ApiError as error:
            if error.status not in (_NOT_FOUND, _CONFLICT):
                raise
            return False
        return True

    async def _delete_kinds(self) -> None:
        for plural in KINDS:
            self.say(f"deleting the kind {plural}.levada.dev with all its objects")
            try:
                await self.api.delete(CRDS, None, f"{plural}.levada.dev")
            except ApiError as error:
                if error.status != _NOT_FOUND:
                    raise
