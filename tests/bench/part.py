"""A process that takes part in a measurement: it says when it is ready, and accounts for itself when it is asked.

Lines of JSON go both ways: what is written to its standard input is an order, what it prints is the answer.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, Self

import msgspec

from cluster.paths import REPO, WITH_TESTS

_READY = b'"ready"'
_PATIENCE = 60.0
_LONGEST = 1 << 26
"""Bytes of a line: the graph of a large run is one."""


@cache
def ready() -> None:
    """Say so, once."""
    _print(_READY)


async def serve(work: Awaitable[None], answer: Callable[[Any], Any]) -> None:
    """Do `work`, and answer orders until there are no more. An answer may be awaited."""
    reader = asyncio.StreamReader(limit=_LONGEST)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    working = asyncio.ensure_future(work)
    try:
        while True:
            reading = asyncio.ensure_future(reader.readline())
            await asyncio.wait({reading, working}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
            if not (line := await reading):
                return
            found = answer(msgspec.json.decode(line))
            _print(msgspec.json.encode(await found if asyncio.iscoroutine(found) else found))
    finally:
        working.cancel()


def _print(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


class Part:
    """Such a process, from outside: `async with Part("bench.kubelet", ...) as kubelet`."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._argv = [sys.executable, "-m", module, *map(str, arguments)]

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._argv,
            env=os.environ | WITH_TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=REPO,
            limit=_LONGEST,
        )
        if await self._line() != "ready":
            raise RuntimeError(f"{self._argv} did not say that it is ready")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._process.stdin.close()
        await self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, order: Any, type_: Any = Any) -> Any:
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        return msgspec.convert(await self._line(None), type_)

    async def _line(self, patience: float | None = _PATIENCE) -> Any:
        line = await asyncio.wait_for(self._process.stdout.readline(), patience)
        if not line:
            raise RuntimeError(f"{' '.join(self._argv)} ended with {await self._process.wait()}")
        return msgspec.json.decode(line)
