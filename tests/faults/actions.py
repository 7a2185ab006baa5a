"""What can happen to a request, or to a line of a watch."""

import asyncio
import json
import os
import signal
from collections.abc import Callable

from aiohttp import web

from faults.proxy import Exchange

_TOGETHER = 1.5
"""Seconds for which a signal waits for more requests to hit: to start an operator anew takes much longer."""


async def lose_answer(exchange: Exchange) -> web.StreamResponse:
    """The request arrives and is carried out; the connection breaks before its answer."""
    await exchange.send()
    return exchange.abort()


async def close(exchange: Exchange) -> web.StreamResponse:
    """The connection breaks before the request arrives."""
    return exchange.abort()


async def swallow(exchange: Exchange) -> web.StreamResponse:
    """The request never arrives, and nobody says so."""
    await asyncio.Event().wait()  # until the other side has had enough
    return exchange.abort()


async def keep_answer(exchange: Exchange) -> web.StreamResponse:
    """The request is carried out, and never answered."""
    await exchange.send()
    return await swallow(exchange)


async def garble(exchange: Exchange) -> web.StreamResponse:
    """The request is carried out; its answer is cut short and claims to be whole."""
    answer = await exchange.send()
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body[: len(answer.body) // 2])


def delay(seconds: float):
    async def act(exchange: Exchange) -> web.StreamResponse:
        """The request arrives late."""
        await asyncio.sleep(seconds)
        return await exchange.pass_on()

    return act


def ask_for(**query: str):
    async def act(exchange: Exchange) -> web.StreamResponse:
        """The request arrives with another query."""
        return await exchange.pass_on(**query)

    return act


def refuse(code: int, reason: str, message: str = "made up by a test", **headers: str):
    async def act(_: Exchange) -> web.StreamResponse:
        """The request is refused."""
        return web.json_response(status_object(code, reason, message), status=code, headers=headers)

    return act


class Blow:
    """A signal to the operator at one of several requests; those that come close to each other share it.

    Parameters
    ----------
    number, pid
        The signal, and a function that tells the operator's process id.
    pause
        Seconds after which an operator that was stopped goes on.
    """

    def __init__(self, number: signal.Signals, pid: Callable[[], int], *, pause: float = 0.0) -> None:
        self._number, self._pid, self._pause = number, pid, pause
        self._falling: asyncio.Task[None] | None = None

    def is_under_way(self) -> bool:
        return self._falling is not None and not self._falling.done()

    async def before(self, exchange: Exchange) -> web.StreamResponse:
        """It comes before the request arrives: that of a dead operator never does, that of a stopped one late."""
        await self._fall()
        return await exchange.pass_on() if self._pause else exchange.abort()

    async def after(self, exchange: Exchange) -> web.StreamResponse:
        """It comes when the request has been carried out; its answer waits for an operator that was stopped."""
        answer = await exchange.pass_on()
        await self._fall()
        return answer

    async def _fall(self) -> None:
        if self._falling is None or self._falling.done():
            self._falling = asyncio.get_running_loop().create_task(self._strike())
        await asyncio.shield(self._falling)  # who waits is cancelled when its connection breaks

    async def _strike(self) -> None:
        await asyncio.sleep(_TOGETHER)
        process = self._pid()
        os.kill(process, self._number)
        if self._pause:
            await asyncio.sleep(self._pause)
            os.kill(process, signal.SIGCONT)


def status_object(code: int, reason: str, message: str) -> dict:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }


# --- lines of a watch


async def cut(response: web.StreamResponse, event: Exchange) -> bool:
    """The stream breaks in the middle of the line."""
    await response.write(event.body[: len(event.body) // 2])
    event.abort()
    return False


async def end(response: web.StreamResponse, event: Exchange) -> bool:
    """The stream ends in good order before the line."""
    return False


async def expire(response: web.StreamResponse, event: Exchange) -> bool:
    """Instead of the line comes the word that its version is too old, and the stream ends."""
    error = {"type": "ERROR", "object": status_object(410, "Expired", "too old resource version")}
    await response.write(json.dumps(error).encode() + b"\n")
    return False


async def babble(response: web.StreamResponse, event: Exchange) -> bool:
    """Instead of the line comes something that is no event."""
    await response.write(b"<html>Bad Gateway</html>\n")
    return False


async def repeat(response: web.StreamResponse, event: Exchange) -> bool:
    """The line comes twice."""
    await response.write(event.body * 2)
    return True


async def fall_silent(response: web.StreamResponse, event: Exchange) -> bool:
    """Neither the line comes nor anything after it, and the stream stays open."""
    await asyncio.Event().wait()  # until the other side has had enough
    return False


def hold_back(seconds: float):
    async def act(response: web.StreamResponse, event: Exchange) -> bool:
        """The line, and all that follow, come late."""
        await asyncio.sleep(seconds)
        await response.write(event.body)
        return True

    return act
