"""Watches the Pods of a namespace and notes when each change was seen: Pods' own times are whole seconds."""

import json
import ssl
import threading
import time
import urllib.request
from dataclasses import dataclass, field

from cluster.certificates import PKI
from cluster.paths import API_SERVER, KUBECONFIG


@dataclass
class PodWatch:
    """`created` and `ended` (of the container `main`) by task path: seconds since the epoch."""

    namespace: str
    created: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)

    def start(self) -> None:
        token = json.loads(KUBECONFIG.read_text())["users"][0]["user"]["token"]
        url = f"{API_SERVER}/api/v1/namespaces/{self.namespace}/pods?watch=1&timeoutSeconds=3600"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        context = ssl.create_default_context(cafile=PKI / "ca.crt")
        response = urllib.request.urlopen(request, context=context, timeout=3600)
        threading.Thread(target=self._read, args=(response,), daemon=True).start()

    def _read(self, response) -> None:
        for line in response:
            now = time.time()
            pod = json.loads(line)["object"]
            task = pod["metadata"].get("annotations", {}).get("levada.dev/task")
            if task is None:
                continue
            self.created.setdefault(task, now)
            for status in pod["status"].get("containerStatuses", []):
                if status["name"] == "main" and "terminated" in status["state"]:
                    self.ended.setdefault(task, now)
