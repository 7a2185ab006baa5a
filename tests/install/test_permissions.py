"""The operator asks for all that its role allows and for nothing else; people get what the cluster's own roles say."""

import json
from contextlib import suppress

import pytest

from cluster.kubectl import KubectlError
from e2e.runs import container, kind
from install.release import NAMESPACE
from install.tasks import after, gated, number
from unit.frontend.kfp.documents import LIST, TEXT, compiled, component, constant, parameters, task

ROLES = (("clusterrole", "levada"), ("role", "levada-lease"))


@pytest.fixture
def allowed(kubectl):
    """(verb, group, resource) of every rule of the operator's roles, as the API server has them."""
    rules = [rule for role in ROLES for rule in kubectl.json("get", *role, "-n", NAMESPACE)["rules"]]
    return {
        (verb, group, resource)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def add_component():
    spec = container('printf 1 > "$1"', {"outputPath": "n"}, outputs=[{"name": "n", "type": "Integer"}])
    return kind("Component", "add", spec["componentSpec"])


def claims():
    """A compiled pipeline that makes a claim and removes it."""
    wanted = {"access_modes": constant(["ReadWriteOnce"]), "size": constant("1Mi"), "pvc_name": constant("claim")}
    made = component({"parameters": {"access_modes": LIST, "size": TEXT, "pvc_name": TEXT}}, label="make")
    removed = component({"parameters": {"pvc_name": TEXT}}, label="remove")
    tasks = {
        "make": task("make", **parameters(**wanted)),
        "remove": task("remove", "make", **parameters(pvc_name=constant("claim"))),
    }
    images = {"make": "argostub/createpvc", "remove": "argostub/deletepvc"}
    executors = {name: {"container": {"image": image}} for name, image in images.items()}
    return compiled(tasks, {"make": made, "remove": removed}, executors)


def live_everything(levada, runs, gates, kubectl):
    """A little of everything that can happen to an operator and to runs."""
    # From nothing: there is no lease yet.
    levada.kubectl("-n", NAMESPACE, "scale", "deployment/levada", "--replicas=0")
    gates.wait_for(lambda: not levada.replicas(), "the operator ends")
    kubectl("-n", NAMESPACE, "delete", "lease", "levada")
    levada.kubectl("-n", NAMESPACE, "scale", "deployment/levada", "--replicas=1")
    levada.led()
    # References that come late, outputs that go through the store, a failure whose log is kept.
    text = container('printf "hello" > "$1"', {"outputPath": "text"}, outputs=[{"name": "text", "type": "String"}])
    tasks = {
        "text": text,
        "fails": container("echo why; exit 3"),
        "late": {"componentRef": {"name": "add"}},
        "after": after("late"),
    }
    runs.start("everything", tasks)
    runs.until("everything", lambda status: status.get("phase") == "Pending", "it waits for its component")
    runs.apply(add_component(), kind("Pipeline", "pipeline", {"tasks": [{"name": "one", **number()}]}))
    # A run that goes when its time is over.
    runs.start("short", {"one": number()}, ttlAfterFinished="0s")
    # A claim that is made and removed.
    runs.apply(kind("PipelineRun", "claims", {"kfp": claims()}))
    # A Pod that cannot start: its Events say why.
    volume = {"name": "v", "configMap": {"name": "no-such-map"}}
    template = {"volumes": [volume], "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    runs.start("stuck", {"one": number() | {"podTemplate": template}})
    # A run that goes in the middle, and one whose Pod is taken away by force.
    runs.start("deleted", {"one": gated()})
    runs.start("robbed", {"one": gated()})
    runs.running("deleted")
    runs.running("robbed")
    kubectl("-n", runs.namespace, "delete", "pipelinerun", "deleted", "--cascade=orphan", "--wait=false")
    runs.excuse("I4", "nobody can record the end of a Pod that somebody lets go and removes by force")
    pod = runs.pod_of("robbed", "one")
    kubectl("-n", runs.namespace, "patch", "pod", pod, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    kubectl("-n", runs.namespace, "delete", "pod", pod, "--force", "--grace-period=0")
    status, _ = runs.end("everything")
    assert status["counts"]["succeeded"] == 3
    assert status["counts"]["failed"] == 1
    runs.succeed("claims")
    runs.wait_gone("deleted")
    gates.wait_for(lambda: pod not in [each["metadata"]["name"] for each in runs.pods("robbed")], "the Pod is gone")
    gates.open(runs, "robbed", "one")  # of the next attempt
    runs.succeed("robbed")
    runs.until("stuck", lambda status: "no-such-map" in str(status.get("tasks")), "the hint")
    runs.delete("stuck")


@pytest.mark.threat(
    "the operator has more rights than it needs",
    holds="its role is compared with the audit log",
)
def test_the_operator_needs_every_permission_that_it_has_and_no_other(
    levada, audit, runs, gates, kubectl, give_store, namespace, allowed, wait_for
):
    give_store(namespace)
    live_everything(levada, runs, gates, kubectl)

    def unused():
        return allowed - {(each.verb, each.group, each.resource) for each in audit.requests() if each.allowed}

    with suppress(AssertionError):  # the line below says it better
        wait_for(lambda: not unused(), "Events and the clean-up, which come after the end of a run", 90)
    assert unused() == set()
    denied = [each for each in audit.requests() if not each.allowed]
    assert not denied


@pytest.mark.threat(
    "the operator reads other Secrets",
    holds="`get` of one name only",
)
def test_the_operator_reads_no_secret_but_the_stores(levada, kubectl, namespace):
    as_operator = f"--as=system:serviceaccount:{NAMESPACE}:levada"
    kubectl("create", "secret", "generic", "other", "-n", namespace)
    with pytest.raises(KubectlError, match="forbidden"):
        kubectl("get", "secret", "other", "-n", namespace, as_operator)
    with pytest.raises(KubectlError, match="forbidden"):
        kubectl("get", "secrets", "-n", namespace, as_operator)
    with pytest.raises(KubectlError, match="not found"):
        kubectl("get", "secret", "levada-store", "-n", namespace, as_operator)


class As:
    """Somebody with one of the cluster's own roles in the test's namespace."""

    def __init__(self, kubectl, namespace, role):
        self._kubectl, self._namespace = kubectl, namespace
        self._who = f"somebody-with-{role}"
        kubectl("create", "rolebinding", self._who, f"--clusterrole={role}", f"--user={self._who}", "-n", namespace)

    def __call__(self, *arguments, stdin=None):
        return self._kubectl(*arguments, "-n", self._namespace, f"--as={self._who}", stdin=stdin)

    def is_refused(self, *arguments, stdin=None):
        with pytest.raises(KubectlError, match="forbidden"):
            self(*arguments, stdin=stdin)


def test_who_may_view_a_namespace_sees_levadas_objects_and_changes_nothing(levada, runs, kubectl, namespace, wait_for):
    runs.start("seen", {"one": number()})
    viewer = As(kubectl, namespace, "view")
    wait_for(lambda: "seen" in viewer("get", "pipelineruns"), "the role `view` has Levada's kinds")
    viewer("get", "pipelines,components")
    viewer.is_refused("delete", "pipelinerun", "seen")
    viewer.is_refused("label", "pipelinerun", "seen", "a=b")
    runs.succeed("seen")


def test_who_may_edit_a_namespace_runs_pipelines_but_writes_no_status(levada, runs, kubectl, namespace, wait_for):
    editor = As(kubectl, namespace, "edit")
    wait_for(lambda: editor("auth", "can-i", "create", "pipelineruns").strip() == "yes", "`edit` has Levada's kinds")
    spec = {"pipelineSpec": {"tasks": [{"name": "one", **number()}]}}
    editor("create", "-f", "-", stdin=json.dumps(kind("PipelineRun", "mine", spec)))
    runs.succeed("mine")
    forged = ("patch", "pipelinerun", "mine", "--subresource=status", "--type=merge", "-p")
    editor.is_refused(*forged, '{"status": {"phase": "Failed"}}')
    editor("delete", "pipelinerun", "mine")
