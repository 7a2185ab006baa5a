"""What the API server says of itself: requests by verb and resource."""

import re
from collections import Counter

_REQUESTS = re.compile(r"^apiserver_request_total\{(.*)\} (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_METHODS = {
    "POST": "POST",
    "PUT": "PUT",
    "PATCH": "PATCH",
    "APPLY": "PATCH",
    "DELETE": "DELETE",
    "GET": "GET",
    "LIST": "GET",
}
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


def requests(metrics: str) -> Counter[str]:
    """How many of each, such as `PATCH pods/status`, there have been; refused ones and watches are left out."""
    found: Counter[str] = Counter()
    for labels_text, value in _REQUESTS.findall(metrics):
        labels = dict(_LABEL.findall(labels_text))
        method = _METHODS.get(labels["verb"])
        if method and labels["code"].startswith("2"):
            resource = "/".join(part for part in (labels["resource"], labels["subresource"]) if part)
            found[f"{method} {resource}"] += int(float(value))
    return found


def task_writes(sent: Counter[str]) -> int:
    """Those that change something for a task: statuses are counted in time, and the lease is nobody's task."""
    return sum(
        count
        for what, count in sent.items()
        if what.split()[0] in _WRITES and what not in ("PATCH pipelineruns/status", "PUT leases")
    )
