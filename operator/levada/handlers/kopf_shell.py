"""The only file that knows kopf. It turns kopf's events into hints: which object may have changed.

kopf runs in a thread with an event loop of its own: when `kopf.operator()` ends, it cancels every task of its loop that
was started after it, ours included; and outside the main thread it leaves signals alone.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

if "kubernetes" not in sys.modules:
    # Where it is installed kopf loads that package, only to know its classes if it sees them: 10 MB for nothing.
    sys.modules["kubernetes"] = None  # type: ignore[assignment]
import kopf

if sys.modules["kubernetes"] is None:
    del sys.modules["kubernetes"]

from levada.kube import credentials
from levada.kube.backoff import Backoff
from levada.kube.resource import COMPONENTS, PIPELINES

Hint = Callable[[str, str, str, str], None]
KINDS = {resource.plural: resource for resource in (PIPELINES, COMPONENTS)}
"""Those that change rarely. Of runs kopf would keep every status as objects of Python: `docs/adr/0003`."""
_log = logging.getLogger(__name__)


class KopfShell:
    """Runs kopf for the kinds that runs refer to, and starts it again when it ends.

    Parameters
    ----------
    on_hint
        Called in the caller's event loop with the kind's plural, the namespace, the name and the version; where the
        object is gone, that is empty.
    namespaces
        Where to look; everywhere when empty.
    kubeconfig, context
        As in `credentials.load`.
    """

    def __init__(
        self,
        on_hint: Hint,
        *,
        namespaces: Sequence[str] = (),
        kubeconfig: str | None = None,
        context: str | None = None,
    ) -> None:
        self._on_hint = on_hint
        self.namespaces = tuple(namespaces)
        self._kubeconfig = kubeconfig
        self._context = context

    async def run(self) -> None:
        """Run kopf until cancelled."""
        loop = asyncio.get_running_loop()
        backoff = Backoff(1.0, 60.0)
        while True:
            started = loop.time()
            await self._once(loop)
            if loop.time() - started > 60:  # noqa: PLR2004  # it did work for a while
                backoff.reset()
            delay = backoff.failed()
            _log.warning("kopf has ended: it starts again in %.1f s", delay)
            await asyncio.sleep(delay)

    async def _once(self, loop: asyncio.AbstractEventLoop) -> None:
        """One life of kopf, in a daemon thread, so that one that hangs cannot keep the process alive."""
        ended = asyncio.Event()
        life = _Life(self, loop, ended)
        life.start()
        try:
            await ended.wait()
        finally:
            life.stop()
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), 5)

    def registry(self, loop: asyncio.AbstractEventLoop) -> kopf.OperatorRegistry:
        """What kopf listens to; what it hears is told to `loop`."""
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry, id="levada")(self._login)
        for plural, resource in KINDS.items():

            async def changed(event: Any, plural: str = plural, **_: Any) -> None:
                if event["type"] is None:  # it has listed: what is there is known
                    return
                metadata = event["object"]["metadata"]
                version = "" if event["type"] == "DELETED" else metadata["resourceVersion"]
                namespace, name = metadata.get("namespace", ""), metadata["name"]
                loop.call_soon_threadsafe(self._on_hint, plural, namespace, name, version)

            kopf.on.event(resource.group_version, plural, registry=registry, id=f"levada-{plural}")(changed)
        return registry

    async def _login(self, **_: Any) -> kopf.ConnectionInfo:
        """The same credentials as all our requests have."""
        access = await credentials.load(self._kubeconfig, self._context)
        scheme, _space, token = (await access.authorization() or "").partition(" ")
        return kopf.ConnectionInfo(
            server=access.server,
            ca_path=access.ca_file,
            insecure=not access.verify,
            scheme=scheme or None,
            token=token or None,
            certificate_path=access.certificate_file,
            private_key_path=access.key_file,
            proxy_url=access.proxy,
            trust_env=True,
        )


class _Life(threading.Thread):
    """One run of kopf.

    Parameters
    ----------
    shell
        Whose.
    owner, ended
        The event loop of the others, and what to set there in the end.
    """

    def __init__(self, shell: KopfShell, owner: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
        super().__init__(name="kopf", daemon=True)
        self._shell = shell
        self._owner = owner
        self._ended = ended
        self._loop = asyncio.new_event_loop()
        self._stop_flag = asyncio.Event()

    def run(self) -> None:
        """The thread."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._kopf())
        except Exception:  # noqa: BLE001  # whatever it was, it is started again
            _log.exception("kopf failed")
        finally:
            with suppress(RuntimeError):  # the others have gone already
                self._owner.call_soon_threadsafe(self._ended.set)

    def stop(self) -> None:
        """Ask kopf to end; from any thread."""
        with suppress(RuntimeError):  # it has
            self._loop.call_soon_threadsafe(self._stop_flag.set)

    async def _kopf(self) -> None:
        await kopf.operator(
            registry=self._shell.registry(self._owner),
            settings=_settings(),
            standalone=True,
            identity=cast("Any", "levada"),  # else it asks who runs it, and UID 65532 has no name
            clusterwide=not self._shell.namespaces,
            namespaces=self._shell.namespaces,
            stop_flag=self._stop_flag,
        )


def _settings() -> kopf.OperatorSettings:
    """Kopf as a reader: it posts nothing, writes nothing, scans nothing, and ends when it is told to."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True  # else it wants to watch CRDs and namespaces
    settings.process.ultimate_exiting_timeout = None  # else it may kill the process
    settings.watching.server_timeout = 290
    settings.networking.request_timeout = 30
    return settings
