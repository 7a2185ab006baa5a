"""`make record-release`: what this version leaves half way goes into `fixtures/`, for all versions after it."""

import asyncio
import json
import shutil
from collections.abc import Iterator

from bench.plane import NAMESPACE
from bench.sides import levada
from bench.stage import stage
from cluster import store
from cluster.kubectl import Kubectl
from cluster.paths import KUBECONFIG, REPO
from cluster.waiting import WaitFor
from upgrade.release import HALF_WAY, HERE, NAME, RUN, phases


async def main() -> None:
    async with stage(), levada():
        found = await asyncio.to_thread(_play)
    shutil.rmtree(HERE, ignore_errors=True)
    shutil.copytree(REPO / "crds", HERE / "crds")
    (HERE / "objects.json").write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    print(f"{HERE.relative_to(REPO)}: {len(found)} objects")


def _play() -> list[dict]:
    kubectl = Kubectl(KUBECONFIG)
    kubectl.apply(*store.objects(), RUN, namespace=NAMESPACE)

    def half_way() -> bool:
        return phases(kubectl.json("get", "pipelinerun", NAME, "-n", NAMESPACE)) == HALF_WAY

    WaitFor(kubectl, NAMESPACE)(half_way, "the run to be half way", 120)
    return list(_left(kubectl))


def _left(kubectl: Kubectl) -> Iterator[dict]:
    """The run and what belongs to it."""
    run = kubectl.json("get", "pipelinerun", NAME, "-n", NAMESPACE)
    belonging = kubectl.json("get", "configmaps,pods", "-n", NAMESPACE)["items"]
    for item in (run, *belonging):
        owners = [owner["uid"] for owner in item["metadata"].get("ownerReferences", [])]
        if item is run or run["metadata"]["uid"] in owners:
            for name in ("managedFields", "resourceVersion"):
                item["metadata"].pop(name, None)
            yield item


if __name__ == "__main__":
    asyncio.run(main())
