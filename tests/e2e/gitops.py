"""What Argo CD and Flux do: apply everything, in any order, again and again, and put back what somebody changed."""

import json
import random

from cluster.kubectl import Kubectl, KubectlError

MANAGER = "--field-manager=gitops"
_ROUNDS = 10


def apply(kubectl: Kubectl, objects: list[dict], seed: int) -> None:
    """Apply the objects one by one in an order of chance; what is refused for now is tried again in the next round."""
    waiting = random.Random(seed).sample(objects, len(objects))
    for _ in range(_ROUNDS):
        refused: list[tuple[dict, KubectlError]] = []
        for each in waiting:
            try:
                # Conflicts are forced: Git's word counts, whoever changed the object meanwhile.
                kubectl("apply", "--server-side", "--force-conflicts", MANAGER, "-f", "-", stdin=json.dumps(each))
            except KubectlError as error:
                refused.append((each, error))
        waiting = [each for each, _ in refused]
        if not waiting:
            return
    raise AssertionError(f"seed {seed}: refused in every round: {[str(error) for _, error in refused]}")


def assert_no_difference(kubectl: Kubectl, objects: list[dict]) -> None:
    """`kubectl diff` says by its exit code whether applying would change anything."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    kubectl("diff", "--server-side", "--force-conflicts", MANAGER, "-f", "-", stdin=text)


def versions(kubectl: Kubectl, objects: list[dict]) -> dict[str, tuple[str, int | None]]:
    """resourceVersion and generation of each object."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    found = json.loads(kubectl("get", "-f", "-", "-o", "json", stdin=text))["items"]
    return {
        f"{each['kind']}/{each['metadata']['name']}": (
            each["metadata"]["resourceVersion"],
            each["metadata"].get("generation"),
        )
        for each in found
    }
