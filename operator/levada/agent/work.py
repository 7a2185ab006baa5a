"""The two halves of the agent's work: before the main container, and after it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from levada.agent.log import Transfer, say
from levada.planner.handoff import Manifest, OutputRecord, Report
from levada.planner.locations import started_uri
from levada.store import outputs
from levada.store.digest import Content
from levada.store.errors import StoreChangedError, StoreError, UriRefusedError
from levada.store.inputs import stage
from levada.store.manifest import write_manifest
from levada.store.objects import put_bytes

if TYPE_CHECKING:
    from levada.planner.handoff import Assignment
    from levada.store.stores import Stores


def before(stores: Stores, assignment: Assignment) -> outputs.Homes:
    """Create the outputs' folders and stage the inputs; proves first that the outputs can be stored."""
    _begin(stores, assignment.root)
    homes = outputs.prepare(assignment.collect, assignment.answer)
    for staged in assignment.stage:
        transfer = Transfer(f"staging input {staged.name!r} from {staged.uri}")
        try:
            transfer.done(stage(stores, staged, progress=transfer))
        except StoreError as error:
            raise type(error)(f"input {staged.name!r}: {error}") from None
    return homes


def _begin(stores: Stores, root: str) -> None:
    """Write the attempt's first object: what refuses it would else be found when hours of work are done."""
    uri = started_uri(root)
    try:
        stores.writing(uri)
    except UriRefusedError:
        raise StoreChangedError(StoreChangedError.text(stores.url, root)) from None
    put_bytes(stores, uri, time.strftime("%Y-%m-%dT%H:%M:%SZ\n", time.gmtime()).encode())


def after(stores: Stores, assignment: Assignment, homes: outputs.Homes) -> Report:
    """Collect the outputs, write the manifest, and say so."""
    records = {
        output.declared.name: _store(stores, assignment.root, output)
        for output in outputs.check(assignment.collect, homes, assignment.answer)
    }
    digest = write_manifest(stores, assignment.root, Manifest(records))
    say(f"manifest written, {digest}")
    return Report(manifest=digest, outputs=records)


def _store(stores: Stores, root: str, output: outputs.CheckedOutput) -> OutputRecord:
    if output.text is not None:
        say(f"output {output.declared.name!r}: {len(output.text)} characters")
        return outputs.store(stores, root, output)
    transfer = Transfer(f"storing output {output.declared.name!r}", output.size)
    record = outputs.store(stores, root, output, progress=transfer)
    if record.artifact and record.artifact.digest is not None:
        transfer.done(Content(record.artifact.digest, record.artifact.size, record.artifact.files))
    return record
