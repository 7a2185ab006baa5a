"""What is kept of a run and was changed by hand, or by another version: an error that names it, whatever is wrong."""

import base64
import gzip
import json

import pytest

from levada.kube import bulky
from levada.kube.definition import config_map, thaw
from levada.kube.kept import UnreadableError, rows_of
from levada.kube.rerun import earlier_results
from levada.planner.flow.rerun import NOTHING

MAPS = "/api/v1/namespaces/a/configmaps"
RUNS = "/apis/levada.dev/v1alpha1/namespaces/a/pipelineruns"
RUN = {"apiVersion": "levada.dev/v1alpha1", "kind": "PipelineRun", "spec": {},
       "metadata": {"name": "r", "namespace": "a", "uid": "u"},
       "status": {"phase": "Failed", "startTime": "2026-01-01T00:00:00Z"}}  # fmt: skip
OF_ANOTHER_VERSION = {"run": {}, "pipelines": {}, "components": {}, "seed": 1}


def packed(content):
    return base64.b64encode(gzip.compress(json.dumps(content).encode(), mtime=0)).decode()


async def keep(server, name, key, text):
    await server.put(f"{MAPS}/{name}", **config_map(RUN, name, {key: text}))


@pytest.mark.parametrize("text", ["no base64", packed(OF_ANOTHER_VERSION), packed([]), packed({})[:-20], ""])
async def test_a_definition(api, server, text):
    await keep(server, "r-graph", "definition", text)
    with pytest.raises(UnreadableError, match="the ConfigMap r-graph cannot be read: it was changed by hand"):
        await thaw(api, RUN)


async def test_how_many_parts_it_has(api, server):
    await keep(server, "r-graph", "definition", packed({}))
    await server.put(f"{MAPS}/r-graph", metadata={"annotations": {"levada.dev/parts": "many"}})
    with pytest.raises(UnreadableError, match="r-graph"):
        await thaw(api, RUN)


@pytest.mark.parametrize("text", ["no base64", base64.b64encode(gzip.compress(b"{", mtime=0)).decode()])
async def test_bulky_outputs(api, server, text):
    await keep(server, "r-outputs-0", "outputs", text)
    with pytest.raises(UnreadableError, match="the ConfigMap r-outputs-0"):
        await bulky.read(api, RUN, "r-outputs-0")


@pytest.mark.parametrize("text", ["no base64", "AAAA", base64.b64encode(b"[]").decode()])
def test_the_tasks_in_a_status(text):
    with pytest.raises(UnreadableError, match="taskStates"):
        rows_of({"taskStates": text})


async def test_a_rerun_takes_nothing_over_from_a_run_that_cannot_be_read(api, server):
    await server.put(f"{RUNS}/r", **RUN)
    await keep(server, "r-graph", "definition", "no base64")
    again = {"metadata": {"namespace": "a"}, "spec": {"rerunOf": {"name": "r"}}}
    assert await earlier_results(api, again) is NOTHING
