"""Policies that refuse Pods, and webhooks that change them."""

import os

import pytest

from e2e.runs import BASE_IMAGE, FOREVER, container
from e2e.webhook import Webhook

TEXT = [{"name": "text", "type": "String"}]
BESIDE = {"name": "beside", "image": BASE_IMAGE, "command": ["sh", "-c", FOREVER]}
"""A container that nobody ends, such as a mesh's proxy."""


@pytest.fixture
def webhook(kubectl, namespace, tmp_path):
    if os.environ.get("LEVADA_TEST_KUBECONFIG"):
        pytest.skip("left out, webhooks: a given cluster does not reach this machine")
    made = Webhook(kubectl, namespace, tmp_path)
    yield made
    made.close()


@pytest.fixture
def policy(kubectl, namespace, wait_for):
    """A policy that refuses all Pods of the namespace, whose word has arrived."""
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": namespace}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
    spec = {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "false", "message": "no"}]}
    bound = {"policyName": namespace, "validationActions": ["Deny"]}
    bound |= {"matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}}
    kubectl.apply(kind | {"kind": "ValidatingAdmissionPolicy", "spec": spec}, namespace=namespace)
    kubectl.apply(kind | {"kind": "ValidatingAdmissionPolicyBinding", "spec": bound}, namespace=namespace)
    probe = ("run", "probe", "-n", namespace, "--image=none", "--dry-run=server")
    wait_for(lambda: "denied request" in kubectl.try_to(*probe), "the policy to count")
    yield
    for resource in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
        kubectl("delete", resource, namespace, "--ignore-not-found")


@pytest.mark.fault(
    "a policy refuses a Pod", seen="the task is Pending, `AdmissionDenied`, until the policy lets it pass"
)
def test_what_a_policy_refuses_waits_until_it_is_allowed(runs, policy, kubectl, namespace):
    runs.start("refused", {"task": container("true")})
    runs.until("refused", lambda status: "AdmissionDenied" in str(status.get("tasks")), "the hint at the policy")
    kubectl("delete", "validatingadmissionpolicybinding", namespace)
    _, tasks = runs.succeed("refused")
    assert tasks["task"]["attempts"] == 1


@pytest.mark.fault(
    "a webhook puts a container into Pods that nobody ends",
    seen="it is ended once the task's own has; outputs and failures are those of the task",
)
def test_a_container_that_a_webhook_puts_in_does_not_keep_the_task_from_ending(runs, store, webhook):
    webhook.change({"op": "add", "path": "/spec/containers/-", "value": BESIDE})
    write = container('printf hello > "$1"', {"outputPath": "text"}, outputs=TEXT)
    read = container('test "$1" = hello; exit 3', {"inputValue": "text"}, inputs=TEXT)
    tasks = {
        "write": write,
        "plain": container("true"),
        "read": read | {"inputs": {"text": {"task": "write", "output": "text"}}, "onFailure": "Continue"},
    }
    runs.start("meshed", tasks, outputs={"text": {"task": "write", "output": "text"}})
    status, tasks = runs.succeed("meshed", 120)
    assert status["outputs"] == {"text": "hello"}
    assert tasks["read"]["reason"] == "Error"
    assert tasks["read"]["exitCode"] == 3
    assert {task["attempts"] for task in tasks.values()} == {1}
    assert webhook.asked >= 3
    runs.wait_released("meshed")
    assert len(runs.pods("meshed")) == 3  # they are there to be looked at, as after every run


@pytest.mark.fault("a webhook adds its defaults to Pods", seen="nothing: a Pod is known by what we wrote into it")
def test_a_pod_with_defaults_that_somebody_added_is_still_ours(runs, webhook, operator):
    toleration = {"key": "added", "operator": "Exists"}
    webhook.change(
        {"op": "add", "path": "/spec/tolerations", "value": [toleration]},
        {"op": "add", "path": "/spec/containers/0/env", "value": [{"name": "ADDED", "value": "yes"}]},
        {"op": "add", "path": "/metadata/labels/added", "value": "yes"},
    )
    runs.start(
        "defaulted", {"slow": container("sleep 10; test $ADDED = yes"), "then": container("true") | {"after": ["slow"]}}
    )
    runs.running("defaulted")
    operator.kill()
    _, tasks = runs.succeed("defaulted")
    assert {task["attempts"] for task in tasks.values()} == {1}
