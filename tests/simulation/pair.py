"""Plays a scenario with two replicas of the operator: each may be killed, stopped and cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from invariants.history import History
from simulation.contender import STOPS, Contender
from simulation.play import LIMIT, SETTLED, Play
from simulation.replica import Leader
from simulation.scenario import Scenario

_BACK = (0.5, 5.0, 40.0)
"""Seconds until another process takes the place of a dead one."""


class Pair(Play):
    """One scenario under way, with two replicas."""

    @property
    def leader(self) -> Leader | None:
        return next((each.leader for each in self.contenders if each.leader), None)

    def _start(self) -> None:
        self.contenders: list[Contender] = []

    async def run(self) -> History:
        self._begin()
        self._begin()
        quiet_since = self.world.now
        while self.world.now < LIMIT and self.world.now - quiet_since <= SETTLED:
            await asyncio.sleep(1.0)
            for each in [each for each in self.contenders if each.task.done()]:
                if each.is_alive:
                    each.task.result()
                self.contenders.remove(each)
            if self.world.busy or not self._are_over():
                quiet_since = self.world.now
        tasks = [each.task for each in self.contenders]
        for each in tuple(self.contenders):
            each.kill()
        await asyncio.gather(*tasks, return_exceptions=True)
        return self.history

    def _begin(self) -> None:
        self.contenders.append(Contender(self.world, self.server, self.kubelet, self.trouble, self._died))

    def _died(self) -> None:
        self.world.after(self.world.random.choice(_BACK), self._begin)

    def _who(self, index: int) -> Iterator[Contender]:
        """The one that leads, mostly; none when both are dead."""
        alive = sorted((each for each in self.contenders if each.is_alive), key=lambda each: each.leader is None)
        yield from alive[:1] if index < 8 else alive[-1:]

    def _stay_away(self, index: int) -> None:
        self._kill_replica(index)

    def _kill_replica(self, index: int) -> None:
        for each in self._who(index):
            each.kill()

    def _stop_replica(self, index: int) -> None:
        for each in self._who(index):
            each.stop(self.world.random.choice(STOPS))

    def _cut_replica(self, index: int) -> None:
        for each in self._who(index):
            each.cut(self.world.random.choice(STOPS))


def play_of(scenario: Scenario) -> Play:
    return Pair(scenario) if scenario.replicas > 1 else Play(scenario)
