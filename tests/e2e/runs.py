"""Runs as the tests apply and watch them."""

from collections import Counter

from cluster.waiting import WaitFor

BASE_IMAGE = "levada-base:test"
API = "levada.dev/v1alpha1"
FOREVER = 'trap "exit 143" TERM; sleep 600 & wait'
"""A script that ends when it is told to, and not before."""
FINAL = ("Succeeded", "Failed", "Cancelled")


def kind(name, metadata, spec):
    """An object of one of our kinds; `metadata` may be just its name."""
    metadata = {"name": metadata} if isinstance(metadata, str) else metadata
    return {"apiVersion": API, "kind": name, "metadata": metadata, "spec": spec}


def container(script, *arguments, inputs=(), outputs=(), **more):
    """An inline component that runs `script` with sh; `$1` and so on are `arguments`."""
    implementation = {"image": BASE_IMAGE, "command": ["sh", "-ec", script, "sh"], "args": list(arguments)}
    implementation |= more.pop("container", {})
    declared = {"inputs": list(inputs), "outputs": list(outputs), "implementation": {"container": implementation}}
    return {"componentSpec": declared | more}


def pipeline(tasks, *, outputs=None, declared=None):
    """A Pipeline's spec with `tasks` (task specs by name)."""
    spec = {"tasks": [{"name": task, **body} for task, body in tasks.items()]}
    spec |= {"outputs": outputs} if outputs else {}
    return spec | ({"parameters": declared} if declared else {})


def condition(status, type_="Succeeded"):
    """One condition of a status; empty when it is not there."""
    return next((item for item in status.get("conditions", []) if item["type"] == type_), {})


def attempt_of(pod):
    """The run, the task and the attempt that a Pod says it is."""
    metadata = pod["metadata"]
    names = metadata["labels"] | metadata["annotations"]
    return tuple(names[f"levada.dev/{which}"] for which in ("run", "task", "attempt"))


class Runs:
    """The runs of one test in one namespace.

    Attributes
    ----------
    excused
        The invariants that the test breaks on purpose, and why.
    """

    def __init__(self, kubectl, namespace):
        self.namespace = namespace
        self.kubeconfig = kubectl.kubeconfig
        self._kubectl = kubectl
        self._wait_for = WaitFor(kubectl, namespace)
        self._made = []
        self.excused = {}

    def start(self, name, tasks, *, outputs=None, parameters=None, declared=None, finalizers=(), **spec):
        """Apply a run of `tasks` (task specs by name)."""
        spec |= {"parameters": parameters} if parameters else {}
        spec |= {"pipelineSpec": pipeline(tasks, outputs=outputs, declared=declared)}
        self.apply(kind("PipelineRun", {"name": name, "finalizers": list(finalizers)}, spec))

    def apply(self, *objects):
        """Apply any objects; runs among them are watched over."""
        self._kubectl.apply(*objects, namespace=self.namespace)
        self.watch(*(item["metadata"]["name"] for item in objects if item["kind"] == "PipelineRun"))

    def watch(self, *names):
        """Check the invariants of these runs at the end of the test."""
        self._made += names

    def excuse(self, invariant, why):
        """Have an invariant (`I4`) not decided of this test, which breaks it on purpose."""
        self.excused[invariant] = why

    def get(self, name):
        return self._kubectl.json("get", "pipelineruns.levada.dev", name, "-n", self.namespace)

    def delete(self, name):
        self._kubectl("delete", "pipelineruns.levada.dev", name, "-n", self.namespace, "--wait=false")

    def until(self, name, predicate, what, timeout=120):
        """The status of the run, once `predicate(status)` holds."""

        def reached():
            status = self.get(name).get("status", {})
            return status if predicate(status) else None

        return self._wait_for(reached, f"run {name}: {what}", timeout)

    def running(self, name):
        """The status once a task runs."""
        return self.until(name, lambda status: status.get("counts", {}).get("running"), "a task runs")

    def end(self, name, timeout=180):
        """The status of the run once it is over, and its tasks by path."""
        status = self.until(name, lambda status: status.get("phase") in FINAL, "its end", timeout)
        return status, {task["path"]: task for task in status.get("tasks", [])}

    def succeed(self, name, timeout=180):
        """As `end`, of a run that must succeed."""
        status, tasks = self.end(name, timeout)
        assert status["phase"] == "Succeeded", (condition(status).get("message"), tasks)
        return status, tasks

    def pods(self, *names):
        """The Pods of these runs."""
        chosen = ("-l", f"levada.dev/run in ({','.join(names)})")
        return self._kubectl.json("get", "pods", "-n", self.namespace, *chosen)["items"] if names else []

    def pod_of(self, name, task):
        """The name of the task's Pod."""
        found = [pod for pod in self.pods(name) if pod["metadata"]["annotations"]["levada.dev/task"] == task]
        (pod,) = found
        return pod["metadata"]["name"]

    def starts(self):
        """How often the kubelet says to have started the main container of each Pod of the namespace, gone or not."""
        events = self._kubectl.json("get", "events", "-n", self.namespace, "--field-selector=reason=Started")["items"]
        main = [event for event in events if event["involvedObject"].get("fieldPath") == "spec.containers{main}"]
        counts = Counter()
        for event in main:
            counts[event["involvedObject"]["name"]] += event.get("count") or 1
        return counts

    def wait_gone(self, name, timeout=120):
        """Wait until no Pod of the run is left."""
        self._wait_for(lambda: not self.pods(name), f"run {name}: its Pods go", timeout)

    def check_invariants(self):
        """At most one Pod for each attempt, each started at most once, and none that is held once its run is over."""
        twice = {pod: count for pod, count in self.starts().items() if count > 1}
        assert not twice, twice
        attempts = Counter(map(attempt_of, self.pods(*self._made)))
        assert all(count == 1 for count in attempts.values()), attempts
        self.wait_released(*self._made)

    def wait_released(self, *names):
        """Wait until no Pod of the runs is held any more."""
        self._wait_for(lambda: not self.held(*names), f"{', '.join(names)}: the Pods are let go", 90)

    def held(self, *names):
        """The names of the runs' Pods that are held."""
        pods = (pod["metadata"] for pod in self.pods(*names))
        return [pod["name"] for pod in pods if "levada.dev/result" in pod.get("finalizers", [])]
