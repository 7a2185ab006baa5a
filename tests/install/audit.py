"""What the operator asked the API server for, from the API server's own audit log."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from cluster.paths import AUDIT_LOG


@dataclass(frozen=True)
class Request:
    """`resource` has its subresource (`pods/log`), `replica` is the Pod that asked."""

    replica: str
    verb: str
    group: str
    resource: str
    namespace: str
    name: str
    code: int
    allowed: bool
    at: datetime

    @property
    def writes(self) -> bool:
        return self.verb not in ("get", "list", "watch")

    @property
    def has_written(self) -> bool:
        return self.writes and self.code < 300


class Audit:
    """Requests since it was made."""

    def __init__(self) -> None:
        self.since = datetime.now(UTC)

    def requests(self, namespace: str | None = None) -> list[Request]:
        with AUDIT_LOG.open() as log:
            # The last line may not be whole yet.
            entries = [json.loads(line) for line in log if line.endswith("\n")]
        found = [_request(entry) for entry in entries if "objectRef" in entry]
        return [each for each in found if each.at >= self.since and namespace in (None, each.namespace)]


def _request(entry: dict) -> Request:
    about = entry["objectRef"]
    return Request(
        replica=entry["user"].get("extra", {}).get("authentication.kubernetes.io/pod-name", ["?"])[0],
        verb=entry["verb"],
        group=about.get("apiGroup", ""),
        resource="/".join(filter(None, [about["resource"], about.get("subresource")])),
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
        code=entry.get("responseStatus", {}).get("code", 0),
        allowed=entry.get("annotations", {}).get("authorization.k8s.io/decision") == "allow",
        at=datetime.fromisoformat(entry["requestReceivedTimestamp"]),
    )
