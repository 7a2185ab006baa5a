"""The lease: one holder at a time, whatever the API server does."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from levada.kube.client import connect
from levada.kube.lease import Lease, LeaseSettings
from unit.kube.fake_apiserver import drop, refusal

PATH = "/apis/coordination.k8s.io/v1/namespaces/levada/leases/levada"
QUICK = LeaseSettings("levada", identity="pod", duration=2.0, renew=0.3, margin=1.2, retry=0.1)


class Replica:
    """One process: its lease, and whether it leads."""

    def __init__(self, api, settings=QUICK):
        self.lease = Lease(api, settings)
        self.leads = asyncio.Event()
        self.lost = asyncio.Event()
        self.task = asyncio.create_task(self.lease.run(self._lead))

    async def _lead(self):
        self.leads.set()
        self.lost.clear()
        try:
            await asyncio.Event().wait()
        finally:
            self.leads.clear()
            self.lost.set()

    async def stop(self):
        self.task.cancel()
        await asyncio.wait({self.task})


@asynccontextmanager
async def replicas(api, count):
    started = [Replica(api) for _ in range(count)]
    try:
        yield started
    finally:
        for replica in started:
            await replica.stop()


async def first_leader(*contenders):
    waits = {asyncio.create_task(contender.leads.wait()): contender for contender in contenders}
    done, pending = await asyncio.wait(waits, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return waits[done.pop()]


def holder(server):
    return server.objects[PATH]["spec"]["holderIdentity"]


async def test_one_of_several_leads(server, api):
    async with replicas(api, 3) as all_of_them:
        leader = await first_leader(*all_of_them)
        assert leader.lease.holds()
        assert holder(server) == leader.lease.identity
        deadline = time.monotonic() + 1.5 * QUICK.duration
        while time.monotonic() < deadline:
            assert [other.lease.holds() for other in all_of_them if other is not leader] == [False, False]
            assert leader.lease.holds()
            await asyncio.sleep(0.05)


async def test_the_lease_looks_as_kubernetes_wants_it(server, api):
    async with replicas(api, 1) as [replica]:
        await replica.leads.wait()
        spec = server.objects[PATH]["spec"]
        assert spec["leaseDurationSeconds"] == 2
        assert spec["leaseTransitions"] == 1
        assert spec["acquireTime"].endswith("Z")
        assert len(spec["renewTime"]) == len("2026-01-01T00:00:00.000000Z")


async def test_a_clean_stop_lets_another_take_over_at_once(server, api):
    async with replicas(api, 2) as [one, two]:
        leader = await first_leader(one, two)
        other = two if leader is one else one
        began = time.monotonic()
        await leader.stop()
        assert not leader.lease.holds()
        await asyncio.wait_for(other.leads.wait(), 5)
        assert time.monotonic() - began < QUICK.duration / 2
        assert server.objects[PATH]["spec"]["leaseTransitions"] == 2


async def test_a_leader_that_dies_is_followed_after_the_lease_time_and_not_before(server, kubeconfig, api):
    async with connect(str(kubeconfig), seconds=3) as dying:
        victim = Replica(dying)
        await victim.leads.wait()
        async with replicas(api, 1) as [heir]:
            victim.lease.release = _nothing  # as SIGKILL leaves it
            renewed = victim.lease._renewed
            await victim.stop()
            died = time.monotonic()
            await asyncio.wait_for(heir.leads.wait(), 10)
            assert time.monotonic() - renewed >= QUICK.duration
            assert time.monotonic() - died <= QUICK.duration + 5 * QUICK.retry


async def _nothing():
    pass


async def test_a_holder_that_cannot_renew_stops_before_another_may_begin(server, api, kubeconfig):
    """The API server answers one replica no more; the other takes over; at no moment do both hold."""
    async with connect(str(kubeconfig), seconds=3) as cut_off:
        victim = Replica(cut_off)
        await victim.leads.wait()
        async with replicas(api, 1) as [heir]:
            cut_off.transport.send = _unreachable(server)
            while not heir.leads.is_set():
                assert not (victim.lease.holds() and heir.lease.holds())
                await asyncio.sleep(0.01)
            assert victim.lost.is_set()
            assert not victim.leads.is_set()
        await victim.stop()


def _unreachable(server):
    async def send(*_):
        await server.released.wait()

    return send


async def test_holding_ends_by_the_clock_while_a_renewal_hangs(server, api):
    async with replicas(api, 1) as [replica]:
        await replica.leads.wait()
        server.fail("PUT", "leases", server.hang, times=99)
        began = time.monotonic()
        await asyncio.wait_for(replica.lost.wait(), 5)
        assert time.monotonic() - began <= QUICK.duration - QUICK.margin + 0.5
        server.faults.clear()
        await asyncio.wait_for(replica.leads.wait(), 5)


@pytest.mark.parametrize("answer", [refusal(500), refusal(409, "Conflict"), drop])
async def test_one_failed_renewal_loses_nothing(server, api, answer):
    async with replicas(api, 1) as [replica]:
        await replica.leads.wait()
        version = server.objects[PATH]["metadata"]["resourceVersion"]
        server.fail("PUT", "leases", answer)
        async with asyncio.timeout(5):
            while server.objects[PATH]["metadata"]["resourceVersion"] == version:
                await asyncio.sleep(0.02)
        assert replica.leads.is_set()
        assert not replica.lost.is_set()


async def test_a_lease_that_another_took_is_lost_at_the_next_renewal(server, api):
    async with replicas(api, 1) as [replica]:
        await replica.leads.wait()
        stolen = {**server.objects[PATH]["spec"], "holderIdentity": "thief"}
        await server.put(PATH, spec=stolen)
        await asyncio.wait_for(replica.lost.wait(), 5)
        assert not replica.lease.holds()
        assert holder(server) == "thief"


async def test_safe_seconds_end_a_margin_before_the_lease_does(api, monkeypatch):
    lease = Lease(api, LeaseSettings("levada"))
    assert lease.safe_seconds() == 0
    now = time.monotonic()
    lease._renewed = now
    at = {0: 14.0, 5: 9.0, 10.9: 3.1, 11.0: 0.0, 14: 0.0, 99: 0.0}
    for seconds, safe in at.items():
        monkeypatch.setattr(time, "monotonic", lambda seconds=seconds: now + seconds)
        assert lease.safe_seconds() == pytest.approx(safe)
        assert lease.holds() is (safe > 0)


async def test_a_leader_whose_work_fails_gives_the_lease_back_and_says_so(server, api):
    async def lead():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Lease(api, QUICK).run(lead)
    assert holder(server) == ""


async def test_work_is_ended_before_the_lease_is_released(server, api):
    order = []

    async def lead():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.5)  # longer than a renewal: the lease must be kept meanwhile
            order.append(holder(server) == lease.identity and lease.holds())

    lease = Lease(api, QUICK)
    task = asyncio.create_task(lease.run(lead))
    async with asyncio.timeout(5):
        while not lease.holds():
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})
    assert order == [True]
    assert holder(server) == ""


async def test_a_lease_cannot_be_taken_while_the_server_refuses(server, api, caplog):
    server.fail("GET", "leases", refusal(403, "Forbidden", "no lease for you"), times=2)
    async with replicas(api, 1) as [replica]:
        await asyncio.wait_for(replica.leads.wait(), 5)
    assert "no lease for you" in caplog.text


class SlowApi:
    """An API server whose answers about the lease take their time."""

    def __init__(self):
        self.sent = 0.0

    async def get(self, *_, **__):
        return {"metadata": {}, "spec": {}}

    async def replace(self, _resource, _namespace, _name, body, **__):
        self.sent = time.monotonic()
        await asyncio.sleep(0.2)
        return body


async def test_the_lease_is_held_from_when_its_renewal_was_sent_and_not_from_when_that_was_answered():
    """Another replica counts from when it saw the renewal, which may be just after it was sent."""
    api = SlowApi()
    lease = Lease(api, QUICK)
    await lease._contend()
    assert lease._renewed <= api.sent
    assert await lease._renew()
    assert lease._renewed <= api.sent
