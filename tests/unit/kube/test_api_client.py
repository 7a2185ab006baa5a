"""The client: answers, errors, retries, deadlines, credentials, and the fence."""

import asyncio
import dataclasses
import shutil
import ssl
import subprocess
import sys
import time

import certifi
import pytest
from aiohttp import web

from levada.kube import credentials, metrics
from levada.kube.client import LOGS_ABREAST, connect
from levada.kube.errors import ApiError, ApiUnreachableError, NotLeaderError
from levada.kube.resource import CONFIG_MAPS, LEASES, PIPELINE_RUNS, PODS, PartialObject
from unit.kube.apiserver_fixtures import KUBECONFIG
from unit.kube.fake_apiserver import drop, refusal

POD = "/api/v1/namespaces/a/pods/x"


def calls(server, method):
    return [path for verb, path in server.requests if verb == method]


def test_paths():
    assert PODS.path("a", "x", "log") == "/api/v1/namespaces/a/pods/x/log"
    assert PIPELINE_RUNS.path() == "/apis/levada.dev/v1alpha1/pipelineruns"
    assert CONFIG_MAPS.path("a", "../b?c") == "/api/v1/namespaces/a/configmaps/..%2Fb%3Fc"


async def test_create_get_replace_patch_delete(server, api):
    made = await api.create(PODS, "a", {"metadata": {"name": "x"}, "spec": {"one": 1}})
    assert (await api.get(PODS, "a", "x"))["spec"] == {"one": 1}
    replaced = await api.replace(PODS, "a", "x", {**made, "spec": {"two": 2}})
    assert replaced["spec"] == {"two": 2}
    await api.patch(PODS, "a", "x", {"spec": {"three": 3}}, kind="strategic")
    assert server.headers[-1]["Content-Type"] == "application/strategic-merge-patch+json"
    assert (await api.get_as(PartialObject, PODS, "a", "x")).metadata.name == "x"
    await api.delete(PODS, "a", "x", {"gracePeriodSeconds": 0})
    with pytest.raises(ApiError) as missing:
        await api.get(PODS, "a", "x")
    assert (missing.value.status, missing.value.reason) == (404, "NotFound")


async def test_few_logs_are_read_at_a_time(server, api):
    under_way = most = 0

    async def log(_):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return web.Response(text="ok")

    server.fail("GET", "/log", log, times=30)
    logs = await asyncio.gather(*(api.read_log("a", f"p{i}", container="main", tail=5) for i in range(30)))
    assert (logs, most) == (["ok"] * 30, LOGS_ABREAST)


async def test_a_conflict_names_its_reason(server, api):
    old = await server.put(POD)
    await server.put(POD, spec={})
    with pytest.raises(ApiError) as conflict:
        await api.replace(PODS, "a", "x", old)
    assert (conflict.value.status, conflict.value.reason) == (409, "Conflict")


async def test_lists_come_in_pages(server, api):
    for number in range(7):
        await server.put(f"/api/v1/namespaces/a/pods/p{number}")
    items, _ = await api.list_raw(PODS, "a", limit=3)
    assert len(items) == 7
    assert len(calls(server, "GET")) == 3
    names = [item.metadata.name for item in await api.list(PartialObject, PODS)]
    assert names == [f"p{number}" for number in range(7)]


async def test_a_page_token_that_expires_starts_the_list_again(server, api):
    for number in range(5):
        await server.put(f"/api/v1/namespaces/a/pods/p{number}")
    server.fail("GET", "continue=2", refusal(410, "Expired"))
    items, _ = await api.list_raw(PODS, "a", limit=2)
    assert len(items) == 5
    assert len(calls(server, "GET")) == 2 + 3


async def test_a_list_that_always_expires_ends_in_an_error(server, api):
    server.fail("GET", "pods", refusal(410, "Expired"), times=99)
    with pytest.raises(ApiError):
        await api.list(PartialObject, PODS)
    assert len(calls(server, "GET")) == 3


@pytest.mark.parametrize("answer", [refusal(503), refusal(500), refusal(429, headers={"Retry-After": "0"}), drop])
async def test_reads_are_repeated(server, api, answer):
    await server.put(POD)
    server.fail("GET", "pods/x", answer, times=2)
    assert (await api.get(PODS, "a", "x"))["metadata"]["name"] == "x"


async def test_reads_are_not_repeated_for_ever(server, api):
    server.fail("GET", "pods/x", refusal(503, "ServiceUnavailable"), times=99)
    with pytest.raises(ApiError, match="ServiceUnavailable"):
        await api.get(PODS, "a", "x")
    assert len(calls(server, "GET")) == 3


@pytest.mark.parametrize("answer", [refusal(500), refusal(504)])
async def test_writes_are_sent_once(server, api, answer):
    server.fail("POST", "pods", answer)
    with pytest.raises(ApiError):
        await api.create(PODS, "a", {"metadata": {"name": "x"}})
    assert len(calls(server, "POST")) == 1


async def test_a_write_whose_connection_broke_is_not_known_to_have_failed(server, api):
    server.fail("POST", "pods", drop)
    with pytest.raises(ApiUnreachableError):
        await api.create(PODS, "a", {"metadata": {"name": "x"}})
    assert len(calls(server, "POST")) == 1


async def test_too_many_requests_comes_before_a_write_so_it_is_sent_again_after_the_time_given(server, api):
    server.fail("POST", "pods", refusal(429, "TooManyRequests", headers={"Retry-After": "1"}))
    began = time.monotonic()
    await api.create(PODS, "a", {"metadata": {"name": "x"}})
    assert time.monotonic() - began >= 1.0


async def test_a_retry_after_beyond_the_deadline_is_handed_to_the_caller(server, api):
    server.fail("POST", "pods", refusal(429, "TooManyRequests", headers={"Retry-After": "30"}))
    began = time.monotonic()
    with pytest.raises(ApiError) as busy:
        await api.create(PODS, "a", {"metadata": {"name": "x"}})
    assert busy.value.retry_after == 30
    assert time.monotonic() - began < 1


async def test_an_answer_of_a_proxy_is_an_error_too(server, api):
    server.documents["/api/v1/namespaces/a/pods/x"] = {}

    async def page(_):
        return web.Response(status=403, text="<html>no</html>")

    server.fail("GET", "pods/x", page)
    with pytest.raises(ApiError, match="<html>no"):
        await api.get(PODS, "a", "x")


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b'{"metadata": {"na', b"", b"\xff"])
async def test_an_answer_that_makes_no_sense_is_none(server, api, body):
    async def answer(_):
        return web.Response(body=body)

    for ask in (api.get(PODS, "a", "x"), api.create(PODS, "a", {}), api.get_as(dict, PODS, "a", "x"),
                api.list(dict, PODS, "a")):  # fmt: skip
        server.faults.clear()
        for method in ("GET", "POST"):
            server.fail(method, "/pods", answer)
        with pytest.raises(ApiUnreachableError, match="not the API server's"):
            await ask


async def test_no_answer_ends_at_the_deadline(server, api):
    server.fail("GET", "pods", server.hang)
    with pytest.raises(ApiUnreachableError, match=r"no answer within 0\.2 s"):
        await api.request("GET", PODS.path(), timeout=0.2)


async def test_no_server_at_all(tmp_path, unused_tcp_port):
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(url=f"http://127.0.0.1:{unused_tcp_port}", user="{}"))
    async with connect(str(path)) as api:
        with pytest.raises(ApiUnreachableError):
            await api.get(PODS, "a", "x")


async def test_at_most_so_many_calls_are_under_way_and_urgent_ones_pass_by(server, kubeconfig):
    async with connect(str(kubeconfig), pool=8, seconds=3) as api:
        server.fail("GET", "pods", server.hang, times=99)
        waiting = [asyncio.create_task(api.list(PartialObject, PODS)) for _ in range(12)]
        await server.hanging.wait()
        await server.put("/apis/coordination.k8s.io/v1/namespaces/a/leases/l")
        assert await api.get(LEASES, "a", "l", urgent=True)
        assert len([path for path in calls(server, "GET") if "pods" in path]) == 8
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)


async def test_a_closed_fence_lets_reads_and_urgent_calls_through_and_no_write(server, api):
    await server.put(POD)
    api.transport.fence = lambda: 0.0
    assert await api.get(PODS, "a", "x")
    await api.create(LEASES, "a", {"metadata": {"name": "l"}}, urgent=True)
    before = len(server.requests)
    for write in (
        api.create(PODS, "a", {"metadata": {"name": "y"}}),
        api.replace(PODS, "a", "x", {"metadata": {}}),
        api.patch(PODS, "a", "x", {}),
        api.delete(PODS, "a", "x"),
    ):
        with pytest.raises(NotLeaderError):
            await write
    assert len(server.requests) == before


async def test_a_write_takes_no_longer_than_the_fence_allows(server, api):
    server.fail("POST", "pods", server.hang)
    api.transport.fence = lambda: 0.2
    began = time.monotonic()
    with pytest.raises(ApiUnreachableError):
        await api.create(PODS, "a", {"metadata": {"name": "x"}})
    assert time.monotonic() - began < 1


async def test_the_fence_is_asked_again_before_a_write_is_repeated(server, api):
    answers = iter([5.0, 0.0])
    api.transport.fence = lambda: next(answers)
    server.fail("POST", "pods", refusal(429))
    with pytest.raises(NotLeaderError):
        await api.create(PODS, "a", {"metadata": {"name": "x"}})
    assert len(calls(server, "POST")) == 1


async def test_a_new_token_is_read_when_the_old_one_is_refused(server, tmp_path):
    await server.put(POD)
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(url=server.url, user="{token: old}"))
    server.token = "old"
    async with connect(str(path)) as api:
        await api.get(PODS, "a", "x")
        server.token = "new"
        path.write_text(KUBECONFIG.format(url=server.url, user="{token: new}"))
        await api.create(PODS, "a", {"metadata": {"name": "y"}})
        server.token = "other"
        with pytest.raises(ApiError) as refused:
            await api.get(PODS, "a", "x")
        assert refused.value.status == 401


async def test_an_exec_plugin_gives_the_token(server, tmp_path):
    await server.put(POD)
    plugin = tmp_path / "plugin"
    answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t0"}}'
    plugin.write_text(f"#!/bin/sh\necho '{answer}'\n")
    plugin.chmod(0o755)
    user = f"{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {plugin}, args: []}}}}"
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(url=server.url, user=user))
    server.token = "t0"
    async with connect(str(path)) as api:
        assert await api.get(PODS, "a", "x")


async def test_what_is_wrong_with_a_kubeconfig_is_said(tmp_path, monkeypatch):
    path = tmp_path / "kubeconfig"
    path.write_text("{}")
    with pytest.raises(credentials.CredentialsError, match=str(path)):
        await credentials.load(str(path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    with pytest.raises(credentials.CredentialsError, match="absent"):
        await credentials.load()


@pytest.fixture
def in_a_pod(tmp_path, monkeypatch):
    """A service account as the kubelet mounts it; returns the folder."""
    monkeypatch.setattr(credentials, "SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    shutil.copy(certifi.where(), tmp_path / "ca.crt")
    (tmp_path / "token").write_text("first\n")
    return tmp_path


async def test_in_a_pod_its_service_account_is_used(in_a_pod):
    access = await credentials.load()
    assert access.server == "https://[fd00::1]:6443"
    assert access.tls.verify_mode == ssl.CERT_REQUIRED
    assert (access.ca_file, await access.authorization()) == (str(in_a_pod / "ca.crt"), "Bearer first")


async def test_in_a_pod_a_token_is_read_again_after_a_while(in_a_pod, monkeypatch):
    access = await credentials.load()
    (in_a_pod / "token").write_text("second")
    assert await access.authorization() == "Bearer first"
    monkeypatch.setattr(credentials, "_TOKEN_LIFE", -1.0)
    assert await access.authorization() == "Bearer second"


async def test_in_a_pod_a_token_that_is_refused_is_read_again_at_once(server, in_a_pod, monkeypatch):
    mounted = credentials.of_service_account

    def plain_http():
        return dataclasses.replace(
            mounted(), server=server.url, tls=None
        )  # as the server of this test, unlike a real one

    monkeypatch.setattr(credentials, "of_service_account", plain_http)
    await server.put(POD)
    server.token = "first"
    async with connect() as api:
        assert await api.get(PODS, "a", "x")
        (in_a_pod / "token").write_text("second")
        server.token = "second"
        assert await api.get(PODS, "a", "x")


async def test_a_pod_without_a_service_account_is_told_so(in_a_pod):
    (in_a_pod / "token").unlink()
    with pytest.raises(credentials.CredentialsError, match=r"service account.*token"):
        await credentials.load()


def test_the_operator_in_its_pod_does_not_load_the_kubernetes_package():
    """It would cost 10 MB of memory, and nothing of it is used there (docs/adr/0001)."""
    script = "import levada.handlers.operator, levada.kube.reconciler, sys; print('kubernetes' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


async def test_requests_are_counted_by_verb_and_class(server, api):
    def count(verb, code):
        return metrics.REGISTRY.get_sample_value("levada_api_requests_total", {"verb": verb, "code": code}) or 0

    before = count("GET", "4xx"), count("POST", "2xx")
    with pytest.raises(ApiError):
        await api.get(PODS, "a", "x")
    await api.create(PODS, "a", {"metadata": {"name": "x"}})
    assert (count("GET", "4xx"), count("POST", "2xx")) == (before[0] + 1, before[1] + 1)


async def test_a_log_is_cut_and_decoded_whatever_it_holds(server, api):
    async def log(_):
        return web.Response(body=b"ok \xff\n")

    server.fail("GET", "pods/x/log", log)
    assert await api.read_log("a", "x", container="main", tail=5) == "ok �\n"
    assert "tailLines=5" in server.requests[-1][1]
    assert "limitBytes=1048576" in server.requests[-1][1]


async def test_the_environments_proxy_is_asked_on_the_way(server, kubeconfig, monkeypatch):
    kubeconfig.write_text(KUBECONFIG.format(url="http://far.example", user="{}"))
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "near.example")
    await server.put(POD, spec={})
    async with connect(str(kubeconfig), seconds=3) as api:
        await api.get(PODS, "a", "x")
    assert server.headers[-1]["Host"] == "far.example"


async def test_no_proxy_is_asked_where_the_environment_says_so(server, kubeconfig, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    await server.put(POD, spec={})
    async with connect(str(kubeconfig), seconds=3) as api:
        assert (await api.get(PODS, "a", "x"))["spec"] == {}
