"""What can happen to a request, or to a line of a watch."""

import asyncio
import json
import os
import signal

from aiohttp import web

from faults.proxy import Exchange


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


def signal_after(number: signal.Signals, pid, *, go_on_after: float = 0.0):
    """The operator, whose process id `pid()` tells, gets a signal when the request has been carried out."""

    async def act(exchange: Exchange) -> web.StreamResponse:
        response = await exchange.pass_on()
        process = pid()
        os.kill(process, number)
        if go_on_after:
            asyncio.get_running_loop().call_later(go_on_after, os.kill, process, signal.SIGCONT)
        return response

    return act


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


def hold_back(seconds: float):
    async def act(response: web.StreamResponse, event: Exchange) -> bool:
        """The line, and all that follow, come late."""
        await asyncio.sleep(seconds)
        await response.write(event.body)
        return True

    return act
