"""Many runs at once beside thousands that are over, and many after one another: nothing breaks, nothing grows."""

import asyncio
import os
import time
from statistics import mean

import pytest

from bench import plane, workload
from bench.finished import stand
from bench.recorder import Recorder
from bench.sample import ends, played
from bench.sides import levada
from bench.stage import stage
from cluster.kubectl import Kubectl
from cluster.paths import KUBECONFIG

AT_ONCE = int(os.environ.get("LEVADA_LOAD", "50"))
"""Runs of 20 tasks."""
FINISHED = 5000
MOST_MB = 200
SOAK = float(os.environ.get("LEVADA_SOAK", "0"))
"""Minutes."""
_ROUND = workload.runs(20, 10)
_NEVER_LESS = 6

pytestmark = pytest.mark.usefixtures("own_server")


@pytest.mark.timeout(1800)
def test_many_runs_at_once_beside_thousands_that_are_over():
    asyncio.run(_load(workload.runs(AT_ONCE, 20)))


async def _load(work):
    async with stage() as made:
        await stand(made, FINISHED)
        kubectl = Kubectl(KUBECONFIG)
        await asyncio.to_thread(kubectl.apply, *work.definitions(), namespace=plane.NAMESPACE)
        recorder = Recorder(made.client)
        await recorder.start()
        async with levada() as side:
            observer = await played(made, work)
            peak = side.process.peak_mb()
        await recorder.check(ends(work))
    assert not observer.failed
    assert peak < MOST_MB


@pytest.mark.timeout(7200)
def test_memory_is_flat_over_many_runs():
    if not SOAK:
        pytest.skip("left out, the soak: LEVADA_SOAK says for how many minutes (make test-nightly: 30)")
    sizes = asyncio.run(_soak())
    third = len(sizes) // 3
    print("resident MiB after each round:", " ".join(f"{size:.0f}" for size in sizes))
    assert len(sizes) >= _NEVER_LESS, "too few rounds to tell"
    # What the first rounds load and cache is no leak.
    assert mean(sizes[-third:]) < mean(sizes[third : 2 * third]) * 1.05 + 2


async def _soak():
    sizes = []
    async with stage() as made, levada() as side:
        begun = time.monotonic()
        while time.monotonic() - begun < 60 * SOAK:
            await made.define(_ROUND)
            observer = await played(made, _ROUND)
            assert not observer.failed
            await made.clear()
            sizes.append(side.process.resident_mb())
    return sizes
