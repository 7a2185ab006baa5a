"""`levada cancel`, `suspend`, `resume` and `rerun` against an API server that has one run."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cli.test_unreachable import kubeconfig

RUNS = "/apis/levada.dev/v1alpha1/namespaces/research/pipelineruns"


class Server:
    """Keeps the run `flowers-1` and takes merge patches of its spec; `patches` has their bodies.

    `then` is what the operator would make of the status, one for each look at it.
    """

    def __init__(self, phase, **spec):
        self.run = {
            "metadata": {"name": "flowers-1", "namespace": "research", "uid": "u1", "generation": 1},
            "spec": spec,
            "status": {"phase": phase, "counts": {"running": 1}},
        }
        self.patches = []
        self.then = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path.startswith(f"{RUNS}?"):
                    self.answer(200, {"metadata": {}, "items": [{"metadata": outer.run["metadata"]}]})
                elif self.path == f"{RUNS}/flowers-1":
                    outer.run["status"] = outer.then.pop(0) if outer.patches and outer.then else outer.run["status"]
                    self.answer(200, outer.run)
                else:
                    name = self.path.rpartition("/")[2]
                    details = {"name": name, "kind": "pipelineruns"}
                    self.answer(404, {"code": 404, "reason": "NotFound", "message": "not found", "details": details})

            def do_PATCH(self):
                assert "fieldManager=levada-cli" in self.path
                assert self.headers["Content-Type"] == "application/merge-patch+json"
                patch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.patches.append(patch)
                outer.run["spec"] |= patch["spec"]
                self.answer(200, outer.run)

            def answer(self, code, body):
                text = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def cluster(levada):
    started = []

    def start(phase, **spec):
        started.append(Server(phase, **spec))
        kubeconfig(levada, started[-1].server.server_port)
        return started[-1]

    yield start
    for each in started:
        each.server.shutdown()
        each.server.server_close()


@pytest.fixture
def steer(levada):
    return lambda *args: levada(*args, KUBECONFIG=str(levada.folder / "kubeconfig"))


@pytest.mark.parametrize(("verb", "before", "patch", "words"), [
    ("cancel", {}, {"cancel": True}, "is being cancelled"),
    ("suspend", {}, {"suspend": True}, "no further task starts"),
    ("resume", {"suspend": True}, {"suspend": False}, "goes on"),
])  # fmt: skip
def test_each_verb_writes_its_field_into_the_run_it_read_and_no_other(cluster, steer, verb, before, patch, words):
    server = cluster("Running", **before)
    done = steer(verb, "flowers-1")
    assert (done.code, done.out, done.err) == (0, f"run flowers-1: {words}\n", "")
    assert server.patches == [{"metadata": {"uid": "u1"}, "spec": patch}]


@pytest.mark.parametrize(("verb", "before", "words"), [
    ("cancel", {"cancel": True}, "is being cancelled already"),
    ("suspend", {"suspend": True}, "is suspended already"),
    ("resume", {}, "is not suspended"),
])  # fmt: skip
def test_what_is_so_already_is_not_written_again(cluster, steer, verb, before, words):
    server = cluster("Running", **before)
    done = steer(verb, "flowers-1")
    assert (done.code, done.out) == (0, f"run flowers-1: {words}\n")
    assert server.patches == []


@pytest.mark.parametrize("verb", ["cancel", "suspend", "resume"])
@pytest.mark.parametrize("phase", ["Succeeded", "Failed", "Cancelled"])
def test_a_run_that_is_over_cannot_be_steered(cluster, steer, verb, phase):
    server = cluster(phase)
    done = steer(verb, "flowers-1")
    assert (done.code, done.out) == (2, "")
    assert f"the run 'flowers-1' is over, it is {phase}: there is nothing to {verb}" in done.err
    assert server.patches == []


def test_a_run_that_is_not_over_is_not_run_again(cluster, steer):
    server = cluster("Running")
    done = steer("rerun", "flowers-1")
    assert (done.code, done.out) == (2, "")
    assert "the run 'flowers-1' is not over, it is Running: wait for its end or cancel it" in done.err
    assert server.patches == []


@pytest.mark.parametrize("verb", ["suspend", "resume"])
def test_cancelling_cannot_be_taken_back(cluster, steer, verb):
    server = cluster("Running", cancel=True)
    done = steer(verb, "flowers-1")
    assert (done.code, done.out) == (2, "")
    assert "is being cancelled, which cannot be taken back" in done.err
    assert server.patches == []


@pytest.mark.parametrize(("name", "words"), [
    ("flowers-2", "there is no PipelineRun 'flowers-2' in namespace research (did you mean 'flowers-1'?)"),
    ("zzz", "there is no PipelineRun 'zzz' in namespace research; it has flowers-1"),
])  # fmt: skip
def test_of_a_name_that_no_run_has_what_was_probably_meant_is_said(cluster, steer, name, words):
    cluster("Running")
    for verb in ("cancel", "get"):
        done = steer(verb, name)
        assert (done.code, done.out) == (2, "")
        assert words in done.err


@pytest.mark.parametrize(("verb", "before", "statuses"), [
    ("cancel", {}, [{"phase": "Running"}, {"phase": "Cancelled"}]),
    ("suspend", {}, [{"phase": "Suspended", "counts": {"running": 1}}, {"phase": "Suspended", "counts": {}}]),
    ("resume", {"suspend": True}, [{"phase": "Suspended"}, {"phase": "Running"}]),
])  # fmt: skip
def test_it_waits_until_it_has_come_to_that(cluster, steer, verb, before, statuses):
    server = cluster("Suspended" if before else "Running", **before)
    server.then = list(statuses)
    done = steer(verb, "flowers-1", "--wait")
    assert (done.code, done.out.splitlines()[-1]) == (0, f"run flowers-1: {statuses[-1]['phase']}")
    assert server.then == []


@pytest.mark.parametrize("verb", ["cancel", "suspend"])
def test_a_run_that_ends_otherwise_meanwhile_is_not_waited_for_in_vain(cluster, steer, verb):
    cluster("Running").then = [{"phase": "Succeeded"}]
    done = steer(verb, "flowers-1", "--wait")
    assert done.code == 2
    assert "ended before that: it is Succeeded" in done.err


@pytest.mark.parametrize("options", [[], ["--wait"]])
def test_as_json_there_is_the_run_and_nothing_else(cluster, steer, options):
    cluster("Running").then = [{"phase": "Suspended"}]
    done = steer("suspend", "flowers-1", "-o", "json", *options)
    assert done.code == 0
    assert json.loads(done.out)["phase"] == "Suspended"


@pytest.mark.parametrize(("verb", "words"), [
    ("cancel", "cancel is for runs in a cluster; on this machine Ctrl-C stops"),
    ("suspend", "the same command with --name x goes on with it"),
    ("resume", "`levada run --local FILE... --name x` goes on with it"),
])  # fmt: skip
def test_on_a_laptop_they_are_refused_with_what_does_it_there(levada, verb, words):
    done = levada(verb, "x", "--local")
    assert (done.code, done.out) == (2, "")
    assert words in done.err
