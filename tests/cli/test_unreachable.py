"""Clusters that do not answer, or say no: a sentence and the exit code that scripts rely on."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


def kubeconfig(levada, port):
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": "research"}}],
        "clusters": [{"name": "test", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "test", "user": {"token": "secret-token"}}],
    }
    return levada.write("kubeconfig", json.dumps(config))


class Refusing:
    """An API server that answers everything with one Status; `asked` has the requests."""

    def __init__(self, status):
        self.asked = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                outer.asked.append((self.command, self.path))
                body = json.dumps(status).encode()
                self.send_response(status["code"])
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PATCH = do_POST = answer  # noqa: N815  # the library's names

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server.server_port


@pytest.fixture
def refusing():
    started = []

    def start(code, reason, message, **details):
        status = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
        started.append(Refusing(status | ({"details": details} if details else {})))
        return started[-1]

    yield start
    for each in started:
        each.server.shutdown()
        each.server.server_close()


LOOKS = (["get", "x"], ["watch", "x"], ["cancel", "x"], ["logs", "x", "t"], ["artifacts", "x"], ["graph", "x"],
         ["report", "x"], ["compare", "x", "y"], ["download", "x", "t", "o"])  # fmt: skip


@pytest.mark.parametrize("command", LOOKS, ids=" ".join)
def test_without_a_cluster(levada, command):
    done = levada(*command)
    assert (done.code, done.out) == (4, "")
    assert "levada: the cluster cannot be reached: cannot load Kubernetes credentials" in done.err


def test_a_cluster_where_nothing_listens(levada):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        done = levada("get", "x", "--kubeconfig", kubeconfig(levada, taken.getsockname()[1]))
    assert (done.code, done.out) == (4, "")
    assert "levada: the cluster cannot be reached" in done.err


def test_a_cluster_that_never_answers_is_given_up(levada):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = levada("get", "x", "--kubeconfig", kubeconfig(levada, silent.getsockname()[1]))
    assert done.code == 4
    assert "no answer within 5 s" in done.err


@pytest.mark.parametrize(("status", "code", "words"), [
    ((401, "Unauthorized", "Unauthorized"), 4, "does not know who you are (Unauthorized): log in again"),
    ((403, "Forbidden", 'pipelineruns.levada.dev "x" is forbidden: User "jane"'), 2,
     'pipelineruns.levada.dev "x" is forbidden: User "jane"'),
    ((404, "NotFound", "the server could not find the requested resource"), 2, "install its chart first"),
    ((503, "ServiceUnavailable", "etcd is away"), 4, "the cluster cannot answer: etcd is away"),
])  # fmt: skip
def test_answers_that_are_no_use(levada, refusing, status, code, words):
    server = refusing(*status)
    done = levada("get", "x", "--kubeconfig", kubeconfig(levada, server.port))
    assert (done.code, done.out) == (code, "")
    assert words in done.err
    assert "secret-token" not in done.err
    assert server.asked[0] == ("GET", "/apis/levada.dev/v1alpha1/namespaces/research/pipelineruns/x")


def test_no_such_run(levada, refusing):
    server = refusing(404, "NotFound", 'pipelineruns.levada.dev "x" not found', name="x", kind="pipelineruns")
    done = levada("get", "x", "-n", "other", "--kubeconfig", kubeconfig(levada, server.port))
    assert done.code == 2
    assert "there is no PipelineRun 'x' in namespace other" in done.err


@pytest.mark.parametrize(("status", "words"), [
    ((409, "Conflict", 'Apply failed with 1 conflict: conflict with "kubectl": .spec.tasks'), "somebody else wrote"),
    ((422, "Invalid", "pipelineSpec cannot be changed"), "the cluster refused: pipelineSpec cannot be changed"),
])  # fmt: skip
def test_a_run_that_is_refused(levada, refusing, status, words):
    server = refusing(*status)
    levada.write(
        "run.yaml",
        """\
apiVersion: levada.dev/v1alpha1
kind: PipelineRun
metadata: {generateName: sums-}
spec:
  pipelineSpec:
    tasks:
    - name: one
      componentSpec:
        implementation: {container: {image: busybox, command: ['true']}}
""",
    )
    done = levada("run", "run.yaml", "--kubeconfig", kubeconfig(levada, server.port))
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    ((method, path),) = server.asked
    assert method == "PATCH"
    assert path.startswith("/apis/levada.dev/v1alpha1/namespaces/research/pipelineruns/sums-")
    assert "fieldManager=levada-cli" in path
