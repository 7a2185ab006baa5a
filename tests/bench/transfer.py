"""How fast the agent brings artifacts in and takes them out, beside raw obstore and beside `cp` on the same disk.

Each is a process of its own, whose start counts: the agent, `bench.raw_store` and cp. The store is the plane's, on the
same machine.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import msgspec

from bench import plane
from bench.process_account import Process
from bench.results import Result, at_least_ideal, at_most
from bench.stage import stage
from cluster.paths import REPO, STATE
from cluster.progress import say
from levada.planner.handoff import Assignment, CollectOutput, StageInput

_MB = 1e6
_ROOT = "s3://levada/bench"


@dataclass
class Taken:
    """Seconds, in and out, of one who moves; the agent's memory."""

    outward: list[float] = field(default_factory=list)
    inward: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Transfer:
    """Moves `files` files of `size` bytes each; one alone is a file, several are a folder."""

    name: str
    files: int
    size: int

    def make(self, path: Path) -> None:
        if self.files == 1:
            _fill(path, self.size)
            return
        for number in range(self.files):
            file = path / f"{number % 100:02}" / f"{number}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            _fill(file, self.size)

    def rates(self, seconds: list[float], times: int = 1) -> list[float]:
        """MB per second."""
        return [times * self.files * self.size / _MB / each for each in seconds]


async def measure(transfer: Transfer, repetitions: int) -> list[Result]:
    taken = {"agent": Taken(), "obstore": Taken(), "cp": Taken()}
    async with stage():
        with tempfile.TemporaryDirectory(dir=STATE) as folder:
            await asyncio.to_thread(_all, transfer, Path(folder), repetitions, taken)
    both = {name: [sum(pair) for pair in zip(of.outward, of.inward, strict=True)] for name, of in taken.items()}

    def result(metric: str, seconds: dict[str, list[float]], times: int = 1) -> Result:
        columns = (transfer.rates(seconds[name], times) for name in taken)
        return Result(transfer.name, metric, *columns, budget=at_least_ideal(0.8))

    return [
        result("throughput_mb_s", both, 2),
        result("out_mb_s", {name: of.outward for name, of in taken.items()}),
        result("in_mb_s", {name: of.inward for name, of in taken.items()}),
        Result(transfer.name, "peak_rss_mb", taken["agent"].peaks, budget=at_most(128)),
    ]


def _all(transfer: Transfer, folder: Path, repetitions: int, taken: dict[str, Taken]) -> None:
    source, settings = folder / "source", folder / "store"
    transfer.make(source)
    settings.mkdir()
    texts = msgspec.json.decode(plane.STORE_SETTINGS.read_bytes())
    for key, text in texts.items():
        (settings / key).write_text(text)
    for number in range(repetitions):
        root = f"{_ROOT}/{transfer.name}/{number}"
        _agent(source, settings, folder / "agent", f"{root}/agent", taken["agent"])
        for name, move in (("obstore", _raw(settings, f"{root}/raw")), ("cp", _copy)):
            there, back = folder / f"{name}-there", folder / f"{name}-back"
            taken[name].outward.append(_seconds(lambda m=move, t=there: m("put", source, t)))
            taken[name].inward.append(_seconds(lambda m=move, t=there, b=back: m("get", t, b)))
            _remove(there)
            _remove(back)
        told = {name: f"{transfer.rates(of.outward[-1:])[0]:.0f} out, {transfer.rates(of.inward[-1:])[0]:.0f} in"
                for name, of in taken.items()}  # fmt: skip
        say(f"{transfer.name}, {number + 1} of {repetitions}, MB/s: {told}")


def _agent(source: Path, settings: Path, folder: Path, root: str, taken: Taken) -> None:
    """One life that takes `source` out, and one that brings it in again."""
    made = folder / "outputs" / "made" / "data"
    collect = CollectOutput("data", "Dataset", path=str(made))
    with _Life(settings, folder, Assignment(f"{root}/0", collect=[collect])) as life:
        life.until_ready()
        source.rename(made)
        taken.outward.append(_seconds(life.end))
    made.rename(source)
    staged = StageInput("data", str(folder / "inputs" / "data"), f"{root}/0/data")
    begun = time.monotonic()
    with _Life(settings, folder, Assignment(f"{root}/1", stage=[staged])) as life2:
        life2.until_ready()
        taken.inward.append(time.monotonic() - begun)
        life2.end()
    taken.peaks.append(max(life.peak, life2.peak))
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)  # staged inputs are not writable
    _remove(folder)


class _Life:
    """One process of the agent."""

    def __init__(self, settings: Path, folder: Path, assignment: Assignment) -> None:
        folder.mkdir(exist_ok=True)
        self.peak = 0.0
        self._ready = folder / "ready"
        self._ready.unlink(missing_ok=True)
        self._environment = os.environ | {
            "LEVADA_ASSIGNMENT": msgspec.json.encode(assignment).decode(),
            "LEVADA_STORE_DIR": str(settings),
            "LEVADA_READY_FILE": str(self._ready),
            "LEVADA_TERMINATION_LOG": str(folder / "report"),
        }

    def __enter__(self) -> Self:
        argv = [sys.executable, "-m", "levada.agent"]
        self._process = subprocess.Popen(argv, env=self._environment, cwd=REPO, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def until_ready(self) -> None:
        while not self._ready.exists():
            self._look()
            time.sleep(0.01)

    def end(self) -> None:
        """The main container has ended: it takes the outputs out."""
        self._process.send_signal(signal.SIGTERM)
        while self._process.poll() is None:
            self._look()
            time.sleep(0.01)
        if self._process.returncode:
            raise RuntimeError(f"the agent ended with {self._process.returncode}")

    def _look(self) -> None:
        if self._process.poll():
            raise RuntimeError(f"the agent ended with {self._process.returncode}")
        try:
            self.peak = max(self.peak, Process(self._process.pid).peak_mb())
        except (FileNotFoundError, StopIteration):
            return  # it has just ended


def _raw(settings: Path, uri: str) -> Callable[[str, Path, Path], None]:
    def move(verb: str, source: Path, target: Path) -> None:
        path = source if verb == "put" else target
        subprocess.run([sys.executable, "-m", "bench.raw_store", verb, settings, path, uri], check=True, cwd=REPO)

    return move


def _copy(_verb: str, source: Path, target: Path) -> None:
    subprocess.run(["cp", "-r", source, target], check=True)


def _seconds(act: Callable[[], object]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def _fill(path: Path, size: int) -> None:
    block = os.urandom(min(size, 1 << 20))
    with path.open("wb") as file:
        for at in range(0, size, len(block)):
            file.write(block[: size - at])


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
