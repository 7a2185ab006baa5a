"""`python -m bench.watched_operator IDENTITY [--quiet]`: the operator, which counts what holds up its event loop.

It is the very operator, with the credentials of a Pod in the folder IDENTITY. When it ends it prints, as JSON, how many
beats of its loop came more than 50 ms late, and by how much at most. With --quiet there is no beat, which costs an
operator at rest a part of its CPU, and nothing is printed.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from levada.handlers import operator
from levada.handlers.__main__ import main
from levada.kube import credentials

STALL = 0.05
_BEAT = 0.025
"""Seconds between two beats: a stall may begin before the next one is due, and is not told by its whole length."""


class Stalls:
    """Listens to the beat of the operator's loop."""

    def __init__(self) -> None:
        self.lengths: list[float] = []
        self._run = operator.run

    async def run(self, *arguments: Any) -> None:
        """The operator, beside the beat."""
        beating = asyncio.create_task(self._beat())
        try:
            await self._run(*arguments)
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            due = time.perf_counter() + _BEAT
            await asyncio.sleep(_BEAT)
            if (late := time.perf_counter() - due) > STALL:
                self.lengths.append(late)

    def account(self) -> dict:
        return {"stalls": len(self.lengths), "longest_ms": 1000 * max(self.lengths, default=0.0)}


def start(identity: str, *options: str) -> None:
    credentials.SERVICE_ACCOUNT = Path(identity)
    main() if "--quiet" in options else _listen()


def _listen() -> None:
    """The operator with the beat, and the account of it."""
    stalls = Stalls()
    operator.run = stalls.run
    try:
        main()
    finally:
        print(json.dumps(stalls.account()))


if __name__ == "__main__":
    start(*sys.argv[1:])
