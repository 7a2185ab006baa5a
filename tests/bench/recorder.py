"""Every state of the Pods and runs under load: kubectl's watch, which the server ends where it is slow, loses some."""

import asyncio

import msgspec

from bench import plane
from bench.client import Client
from invariants.checker import violations
from invariants.history import History, seen_in_watches
from invariants.timeline import timeline

_LAST_LINES = 4000


class Recorder:
    """Keeps what the watches tell from `start` on."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lines: list[bytes] = []
        self._watching: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; what is there already counts for nothing."""
        for path in plane.COLLECTIONS[:2]:
            begun = asyncio.Event()
            self._watching.append(asyncio.create_task(self._watch(path, begun)))
            await begun.wait()

    async def check(self, expected: dict[str, dict]) -> None:
        """Fail at the first invariant that did not hold; `expected` says how each run has to end."""
        await self._until_seen()
        for task in self._watching:
            task.cancel()
        entries = seen_in_watches(msgspec.json.decode(line) for line in self._lines)
        broken = violations(History(entries, expected))
        assert not broken, f"{broken[0]}\n{timeline(entries)[-_LAST_LINES:]}"

    async def _watch(self, path: str, begun: asyncio.Event) -> None:
        async for line in self._client.watch(path, begun.set):
            self._lines.append(line)

    async def _until_seen(self) -> None:
        """Wait until the watches have told of all that is there now."""
        for path in plane.COLLECTIONS[:2]:
            items = (await self._client.get(path))["items"]
            latest = max(items, key=lambda item: int(item["metadata"]["resourceVersion"]))["metadata"]
            sign = f'"resourceVersion":"{latest["resourceVersion"]}"'.encode()
            async with asyncio.timeout(60):
                while not any(sign in line for line in reversed(self._lines)):
                    await asyncio.sleep(0.1)
