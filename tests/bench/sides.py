"""Who is measured: the operator, and the ideal client with and without the writes that Levada's guarantees need."""

import asyncio
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bench import plane
from bench.ideal import Order
from bench.part import Part
from bench.process_account import Process
from bench.template import opening, pod_template
from bench.workload import Workload
from cluster.paths import LOGS, NUMBER, REPO, WITH_TESTS

_HTTP_PORT = 18080 + NUMBER
_LOOKS = 5
"""Looks in a row, 0.1 s apart, at which an operator has to be at rest: what it does may wake something else."""


class Side:
    """One of them, while it is up.

    Attributes
    ----------
    process
        What it uses, by the kernel's account.
    stalls
        Once it is down: how often its event loop was held up, and for how many milliseconds at most; None where
        nobody listens to it.
    """

    def __init__(self, pid: int) -> None:
        self.process = Process(pid)
        self.stalls: tuple[int, float] | None = None

    async def work(self, workload: Workload, runs: list[dict]) -> None:
        """Be told of the runs, which have just been created."""


class _Ideal(Side):
    def __init__(self, part: Part, guarded: bool) -> None:
        super().__init__(part.pid)
        self._part = part
        self._guarded = guarded

    async def work(self, workload: Workload, runs: list[dict]) -> None:
        names = [run["metadata"]["name"] for run in runs]
        pods = [
            pod_template(name, run["metadata"]["uid"], self._guarded) for name, run in zip(names, runs, strict=True)
        ]
        openings = [opening(run, workload) for run in runs] if self._guarded else []
        await self._part.ask(Order(plane.NAMESPACE, self._guarded, names, workload.graphs, pods, openings))


@asynccontextmanager
async def levada(quiet: bool = False) -> AsyncIterator[Side]:
    """The operator in a process of its own, once it leads and has looked at all that was there.

    Nobody listens to it where it is to be `quiet`, for that costs CPU by itself.
    """
    environment = os.environ | WITH_TESTS | plane.SERVER_ADDRESS | {
        "LEVADA_AGENT_IMAGE": "levada:bench",
        "LEVADA_HTTP_PORT": str(_HTTP_PORT),
        "POD_NAMESPACE": plane.OPERATOR_NAMESPACE,
        "POD_NAME": "bench",
        "MALLOC_ARENA_MAX": "1",  # as in the chart
        "MALLOC_MMAP_THRESHOLD_": "1048576",
        "MALLOC_TRIM_THRESHOLD_": "2097152",
    }  # fmt: skip
    environment.pop("KUBECONFIG", None)  # it reads the files of a service account, as in its Pod
    argv = (sys.executable, "-m", "bench.watched_operator", plane.IDENTITY, *(["--quiet"] if quiet else []))
    with (LOGS / "operator.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *argv, env=environment, stdout=asyncio.subprocess.PIPE, stderr=log, cwd=REPO
        )
    side = Side(process.pid)
    try:
        await _until_at_rest(process)
        yield side
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        printed, _ = await process.communicate()
        if printed:
            account = json.loads(printed)
            side.stalls = account["stalls"], account["longest_ms"]


@asynccontextmanager
async def ideal() -> AsyncIterator[Side]:
    async with Part("bench.ideal", plane.CLIENT_KUBECONFIG) as part:
        yield _Ideal(part, guarded=True)


@asynccontextmanager
async def bare() -> AsyncIterator[Side]:
    async with Part("bench.ideal", plane.CLIENT_KUBECONFIG) as part:
        yield _Ideal(part, guarded=False)


SIDES = {"levada": levada, "ideal": ideal, "bare": bare}


async def _until_at_rest(process: asyncio.subprocess.Process) -> None:
    """It leads, has listed everything (which /readyz tells once it leads), and has nothing left to do."""
    seen = 0
    while (seen := seen + 1 if await asyncio.to_thread(_rests) else 0) < _LOOKS:
        if process.returncode is not None:
            raise RuntimeError(f"the operator ended with {process.returncode}: see {LOGS / 'operator.log'}")
        await asyncio.sleep(0.1)


def _rests() -> bool:
    try:
        page = _read("metrics")
        leads, waits_for_none = "levada_leader 1.0" in page, "levada_queue_depth 0.0" in page
        return leads and waits_for_none and _read("readyz") == "ok\n"
    except (urllib.error.URLError, ConnectionError):
        return False


def _read(page: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{_HTTP_PORT}/{page}", timeout=5) as answer:
        return answer.read().decode()
