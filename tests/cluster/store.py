"""A real S3 server (SeaweedFS) on the node's address: the machine and the Pods reach it alike."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus

from cluster import processes
from cluster.paths import NETNS, NODE_IP, NUMBER, RUN, STATE, VENV
from cluster.progress import until
from cluster.shell import run

NAME = "store"
SETTINGS = STATE / "store.json"
_BUCKET = "levada"
# SeaweedFS keeps sockets in /tmp, named after its ports: clusters side by side must not share one.
_MASTER, _FILER, _VOLUME, _S3 = (port + NUMBER for port in (9333, 8888, 8080, 8333))
_ENDPOINT = f"http://{NODE_IP}:{_S3}"
# Fixed and public: they open nothing but this test store, which only this machine reaches.
_ACCESS_KEY, _SECRET_KEY = "levada-test", "levada-test-secret"
_WEED = VENV / "bin" / "weed"


def start() -> None:
    if is_up():
        return
    data = STATE / "store"
    data.mkdir(parents=True, exist_ok=True)
    users = {
        "identities": [
            {
                "name": "levada",
                "credentials": [{"accessKey": _ACCESS_KEY, "secretKey": _SECRET_KEY}],
                "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            }
        ]
    }
    config = STATE / "store-users.json"
    config.write_text(json.dumps(users))
    processes.start(NAME, [_WEED, *_arguments(data, config)])
    processes.wait_ready(NAME, _answers)
    _make_bucket()
    SETTINGS.write_text(json.dumps(settings(), indent=1))


def is_up() -> bool:
    return bool(processes.pid_of(NAME)) and SETTINGS.exists() and _answers()


def settings() -> dict:
    return {
        "url": f"s3://{_BUCKET}",
        "endpoint": _ENDPOINT,
        "region": "us-east-1",
        "accessKeyId": _ACCESS_KEY,
        "secretAccessKey": _SECRET_KEY,
        "pathStyle": True,
    }


def objects(given: Mapping[str, object] | None = None, **changes: object) -> list[dict]:
    """The ConfigMap and the Secret by which a namespace gets the store, or that of the settings `given`."""
    data = texts({**(given or settings()), **changes})
    secret = {key: data.pop(key) for key in ("accessKeyId", "secretAccessKey")}
    common = {"apiVersion": "v1", "metadata": {"name": "levada-store"}}
    return [{**common, "kind": "ConfigMap", "data": data}, {**common, "kind": "Secret", "stringData": secret}]


def texts(given: Mapping[str, object]) -> dict[str, str]:
    """Settings as ConfigMaps and Secrets hold them."""
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in given.items()}


def _arguments(data: object, users: object) -> list[str]:
    return [
        "-logtostderr=true",
        "server",
        f"-dir={data}",
        f"-ip={NODE_IP}",
        f"-ip.bind={NODE_IP}",
        "-master.telemetry=false",  # on by default
        f"-master.port={_MASTER}",
        "-master.volumeSizeLimitMB=256",
        f"-volume.port={_VOLUME}",
        "-volume.max=200",
        "-volume.minFreeSpace=1",
        "-filer",
        f"-filer.port={_FILER}",
        f"-filer.localSocket={RUN / 'store-filer.sock'}",
        "-s3",
        f"-s3.port={_S3}",
        f"-s3.config={users}",
        f"-s3.localSocket={RUN / 'store-s3.sock'}",
        "-iam=false",
        "-webdav=false",
        "-sftp=false",
    ]


def _answers() -> bool:
    try:
        urllib.request.urlopen(_ENDPOINT, timeout=2).close()
    except urllib.error.HTTPError as error:
        return error.code == HTTPStatus.FORBIDDEN  # it answers, and asks who we are
    except OSError:
        return False
    return True


def _make_bucket() -> None:
    def made() -> bool:
        # The filer is ready a little after the port answers.
        shell = (
            f"--net=/run/netns/{NETNS}",
            "--",
            _WEED,
            "shell",
            f"-master={NODE_IP}:{_MASTER}",
            f"-filer={NODE_IP}:{_FILER}",
        )
        if _BUCKET in run("nsenter", *shell, stdin="s3.bucket.list\n"):
            return True
        run("nsenter", *shell, stdin=f"s3.bucket.create -name {_BUCKET}\n")
        return False

    until(made, "the store's bucket", 30, every=0.5)
