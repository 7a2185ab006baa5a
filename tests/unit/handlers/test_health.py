"""Probes and metrics over real HTTP."""

import aiohttp

from levada.handlers import health


async def get(port, path):
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text(), response.headers["Content-Type"]


async def test_probes_say_what_is_wrong():
    problem = None
    checks = {"watch": lambda: problem}
    async with health.serve(0, alive={}, ready=checks, host="127.0.0.1") as port:
        assert (await get(port, "/healthz"))[:2] == (200, "ok\n")
        assert (await get(port, "/readyz"))[:2] == (200, "ok\n")
        problem = "not listed yet"
        assert (await get(port, "/readyz"))[:2] == (503, "watch: not listed yet\n")
        assert (await get(port, "/healthz"))[0] == 200


async def test_metrics_are_what_prometheus_reads():
    async with health.serve(0, alive={}, ready={}, host="127.0.0.1") as port:
        status, text, kind = await get(port, "/metrics")
    assert status == 200
    assert kind.startswith("text/plain; version=")
    for name in ("levada_queue_depth", "levada_reconcile_seconds", "process_resident_memory_bytes"):
        assert f"# TYPE {name} " in text
    assert "_created" not in text
