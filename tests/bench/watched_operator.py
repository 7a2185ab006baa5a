"""`python -m bench.watched_operator IDENTITY`: the operator, which counts what holds up its event loop.

It is the very operator, with the credentials of a Pod in the folder IDENTITY. When it ends it prints, as JSON, how many
times something kept the loop for more than 50 ms, and for how long at most.
"""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path

from levada.handlers.__main__ import main
from levada.kube import credentials

STALL = 0.05


class Stalls:
    """Times every callback of the main thread's loop."""

    def __init__(self) -> None:
        self.lengths: list[float] = []
        self._run = asyncio.Handle._run
        self._thread = threading.get_ident()

    def install(self) -> None:
        run, lengths, thread, clock = self._run, self.lengths, self._thread, time.perf_counter

        def timed(handle: asyncio.Handle) -> None:
            began = clock()
            run(handle)
            if (length := clock() - began) > STALL and threading.get_ident() == thread:
                lengths.append(length)

        asyncio.Handle._run = timed

    def account(self) -> dict:
        return {"stalls": len(self.lengths), "longest_ms": 1000 * max(self.lengths, default=0.0)}


if __name__ == "__main__":
    credentials.SERVICE_ACCOUNT = Path(sys.argv[1])
    stalls = Stalls()
    stalls.install()
    try:
        main()
    finally:
        print(json.dumps(stalls.account()))
