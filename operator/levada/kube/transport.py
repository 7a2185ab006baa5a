"""One HTTP request to the API server: credentials, a bounded pool, a deadline, a few retries, the leader's fence."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from levada.kube import clock, metrics
from levada.kube.backoff import Backoff
from levada.kube.credentials import Credentials
from levada.kube.errors import ApiError, ApiUnreachableError, NotLeaderError, from_answer

Params = Mapping[str, str | int]
Fence = Callable[[], float]

POOL_LIMITS = (8, 32)
ATTEMPTS = 3
UNAUTHORIZED = 401
TOO_MANY_REQUESTS = 429
_FIRST_ERROR = 300
_UNLIMITED = aiohttp.ClientTimeout(total=None)
_TRANSIENT = frozenset({500, 502, 503, 504})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be sent (again)."""

    method: str
    path: str
    params: Params = field(default_factory=dict)
    data: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    urgent: bool = False
    """For the lease: waits for no pool and asks no fence."""

    @property
    def reads(self) -> bool:
        """Whether sending it twice does no harm."""
        return self.method == "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Transport:
    """Sends calls over one session.

    Parameters
    ----------
    session
        The HTTP session; closed by whoever made it.
    access
        Server and credentials.
    reload
        Gives new credentials when the server has refused the old ones.
    pool
        How many calls may be under way (8 to 32); streams and urgent calls are not counted.
    timeout
        Seconds for one call, retries and the wait for the pool included.

    Attributes
    ----------
    fence
        Seconds that a write may still take (`Lease.safe_seconds`), asked right before each write is sent. A write is
        refused with `NotLeaderError` when there are none, and given up when they are over.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        access: Credentials,
        reload: Callable[[], Awaitable[Credentials]],
        *,
        pool: int = 16,
        timeout: float = 10.0,
    ) -> None:
        self.fence: Fence | None = None
        self.timeout = timeout
        self._session = session
        self._access = access
        self._proxy = _proxy_for(access)
        self._reload = reload
        self._reloading = asyncio.Lock()
        self._pool = asyncio.Semaphore(max(POOL_LIMITS[0], min(POOL_LIMITS[1], pool)))

    async def send(self, call: Call, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # for all attempts
        """Send one call and return the body of the answer.

        Parameters
        ----------
        call
            What to send.
        timeout
            Seconds, instead of the transport's.

        Raises
        ------
        ApiError
            The server refused.
        ApiUnreachableError
            It did not answer in time; a write may or may not have happened.
        NotLeaderError
            A write while the fence is closed. It was not sent.
        """
        seconds = timeout or self.timeout
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                return await self._until_answered(call, deadline)
        except TimeoutError as error:
            metrics.API_REQUESTS.labels(call.method, "unreachable").inc()
            raise ApiUnreachableError(f"{call}: no answer within {seconds:g} s") from error

    @asynccontextmanager
    async def stream(self, call: Call, *, seconds: float, silence: float) -> AsyncIterator[aiohttp.StreamReader]:
        """Send a long GET, for watches, and give its body as it comes.

        Parameters
        ----------
        call
            What to send.
        seconds
            For the whole stream.
        silence
            The longest pause between two pieces; `TimeoutError` after it.
        """
        access = self._access
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=self.timeout, sock_read=silence)
        async with await self._exchange(call, access, timeout) as response:
            metrics.API_REQUESTS.labels("WATCH", f"{response.status // 100}xx").inc()
            if response.status >= _FIRST_ERROR:
                if response.status == UNAUTHORIZED:
                    await self._renew(access)
                raise from_answer(response.status, await response.read(), response.headers.get("Retry-After"))
            yield response.content

    async def _until_answered(self, call: Call, deadline: float) -> bytes:
        backoff = Backoff(0.2, 2.0)
        while True:
            access = self._access
            try:
                return await self._attempt(call, access)
            except ApiError as error:
                if error.status == UNAUTHORIZED and not backoff.failures:
                    await self._renew(access)
                elif not _may_repeat(call, error):
                    raise
                delay = max(error.retry_after or 0.0, backoff.failed())
                if backoff.failures == ATTEMPTS or asyncio.get_running_loop().time() + delay >= deadline:
                    raise
            except (aiohttp.ClientError, OSError) as error:
                if isinstance(error, TimeoutError):
                    raise
                metrics.API_REQUESTS.labels(call.method, "unreachable").inc()
                delay = backoff.failed()
                if not call.reads or backoff.failures == ATTEMPTS:
                    raise ApiUnreachableError(f"{call}: {error or type(error).__name__}") from error
            await asyncio.sleep(delay)

    async def _attempt(self, call: Call, access: Credentials) -> bytes:
        """One attempt: an urgent one at once, others from the pool, writes only inside the fence."""
        if call.urgent:
            return await self._once(call, access)
        async with self._pool:
            if call.reads or self.fence is None:
                return await self._once(call, access)
            if (seconds := self.fence()) <= 0:
                raise NotLeaderError(f"{call}: not sent, this replica may have lost the lease")
            async with asyncio.timeout(seconds):
                return await self._once(call, access)

    async def _once(self, call: Call, access: Credentials) -> bytes:
        async with await self._exchange(call, access, _UNLIMITED) as response:
            body = await response.read()
            clock.SERVER.hear(response.headers.get("Date", ""))
            metrics.API_REQUESTS.labels(call.method, f"{response.status // 100}xx").inc()
            if response.status >= _FIRST_ERROR:
                raise from_answer(response.status, body, response.headers.get("Retry-After"))
            return body

    async def _exchange(
        self, call: Call, access: Credentials, limits: aiohttp.ClientTimeout
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """One HTTP request with these credentials, sent when it is entered."""
        authorization = await access.authorization()
        return self._session.request(
            call.method,
            URL(access.server + call.path, encoded=True),  # `Resource.path` has quoted it
            params=call.params,
            data=call.data,
            headers={**call.headers, **({"Authorization": authorization} if authorization else {})},
            timeout=limits,
            ssl=access.tls or True,
            server_hostname=access.tls_server_name,
            proxy=self._proxy,
            allow_redirects=False,
        )

    async def _renew(self, refused: Credentials) -> None:
        """Read the credentials again, unless another call already has since `refused` were used."""
        async with self._reloading:
            if self._access is refused:
                _log.info("the API server refused the credentials: reading them again")
                self._access = await self._reload()
                self._proxy = _proxy_for(self._access)


def _may_repeat(call: Call, error: ApiError) -> bool:
    """429 comes before a request is handled, so anything may be sent again; other trouble only when it reads."""
    return error.status == TOO_MANY_REQUESTS or (call.reads and error.status in _TRANSIENT)


def _proxy_for(access: Credentials) -> str | None:
    """The proxy on the way to the server: that of the kubeconfig, or the environment's.

    It is asked for once: with `trust_env` the session asks the environment, and a netrc file, in a thread for each
    request, which costs a fifth of the operator's time.
    """
    server = urlsplit(access.server)
    if access.proxy or proxy_bypass(server.hostname or ""):
        return access.proxy
    return getproxies().get(server.scheme)


def open_session() -> aiohttp.ClientSession:
    """A session without a limit of its own: the pool bounds calls, and watches live beside it."""
    connector = aiohttp.TCPConnector(limit=0, socket_factory=_lively_socket)
    # No gzip: inside a cluster it costs both sides more than the bytes it saves.
    headers = {"User-Agent": "levada", "Accept-Encoding": "identity"}
    return aiohttp.ClientSession(connector=connector, headers=headers, cookie_jar=aiohttp.DummyCookieJar())


def _lively_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """A socket that finds out within half a minute that the other side is gone, even while nothing is sent."""
    family, kind, protocol, *_ = address
    created = socket.socket(family, kind, protocol)
    created.setblocking(False)  # noqa: FBT003  # its only argument
    created.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000)):
        if hasattr(socket, option):
            created.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return created
