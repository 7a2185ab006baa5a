"""What the agent of a task would have reported of what the task printed."""

import json
from collections.abc import Mapping

from levada.planner.handoff import Assignment, Manifest, OutputRecord, Report, encode_report
from levada.store.config import from_mapping
from levada.store.manifest import write_manifest
from levada.store.stores import Stores


class FakeAgent:
    """Writes manifests into the store as the agent does. `settings`: of the namespace's ConfigMap and Secret."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._stores = Stores(from_mapping(settings))

    def report(self, assignment: Assignment, printed: str) -> str:
        """The termination message, once the manifest is written. `range 3` stands for the list [0, 1, 2]."""
        word, _, count = printed.partition(" ")
        text = json.dumps(list(range(int(count))), separators=(",", ":")) if word == "range" else printed
        outputs = {output.name: OutputRecord(text=text) for output in assignment.collect}
        digest = write_manifest(self._stores, assignment.root, Manifest(outputs))
        return encode_report(Report(digest, outputs)).decode()
