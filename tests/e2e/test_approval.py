"""Gates in a cluster: who approves does so in their own name, once, and no tool takes it back."""

import json

import pytest

from cluster.kubectl import KubectlError
from e2e.runs import container, kind
from e2e.test_command_line import levada, person  # noqa: F401  # fixtures

GATE = {"approval": {"message": "Deploy?"}}
AFTER = container("true") | {"after": [{"task": "deploy", "require": "Succeeded"}]}
TASKS = {"deploy": GATE, "later": AFTER}


def waits(runs, name):
    """The run has come to its gate."""
    runs.until(name, lambda status: status.get("counts", {}).get("running") == 1, "it waits at its gate")


def patch(kubectl, namespace, name, operations, *options):
    command = ("patch", "pipelineruns.levada.dev", name, "-n", namespace, "--type=json", "-p", json.dumps(operations))
    kubectl(*command, *options)


def add(task, by, decision="Approved"):
    return [{"op": "add", "path": "/spec/approvals", "value": [{"task": task, "decision": decision, "by": by}]}]


def test_a_run_waits_until_somebody_approves_and_says_who_did(levada, runs):  # noqa: F811  # a fixture
    runs.start("gated", TASKS)
    waits(runs, "gated")
    out, _ = levada("approve", "gated", "deploy", "-m", "looks good")
    assert out == "run gated: deploy is approved by admin\n"
    _, tasks = runs.succeed("gated")
    assert tasks["deploy"]["message"] == "approved by admin: looks good"
    _, err = levada("approve", "gated", "deploy", "--reject", code=2)
    assert "the run 'gated' is over, it is Succeeded" in err


def test_a_rejection_fails_the_run_and_what_waits_for_success_is_skipped(levada, runs):  # noqa: F811  # a fixture
    runs.start("refused", TASKS)
    waits(runs, "refused")
    levada("approve", "refused", "deploy", "--reject", "-m", "not today")
    status, tasks = runs.end("refused")
    assert status["phase"] == "Failed"
    assert (tasks["deploy"]["reason"], tasks["deploy"]["message"]) == (
        "Rejected",
        "rejected by admin: not today",
    )
    assert tasks["later"]["phase"] == "Skipped"


def test_a_gate_that_nobody_answers_fails_in_time(runs):
    runs.start("forgotten", {"deploy": {"approval": {"timeout": "2s"}}})
    status, tasks = runs.end("forgotten")
    assert (status["phase"], tasks["deploy"]["reason"]) == ("Failed", "ApprovalTimeout")


@pytest.mark.threat(
    "somebody approves in another's name",
    holds="an admission policy compares `by` with who asks",
)
def test_nobody_approves_in_somebody_elses_name_not_even_the_operator(runs, kubectl, namespace):
    runs.start("gated", TASKS)
    waits(runs, "gated")
    operator = "system:serviceaccount:levada-system:levada"
    with pytest.raises(KubectlError, match="`by` must be admin"):
        patch(kubectl, namespace, "gated", add("deploy", "alice"))
    with pytest.raises(KubectlError, match=f"`by` must be {operator}"):
        patch(kubectl, namespace, "gated", add("deploy", "admin"), f"--as={operator}")
    with pytest.raises(KubectlError, match="`by` must be admin"):
        runs.start("given", TASKS, approvals=[{"task": "deploy", "decision": "Approved", "by": "alice"}])
    patch(kubectl, namespace, "gated", add("deploy", "admin"))
    _, tasks = runs.succeed("gated")
    assert tasks["deploy"]["message"] == "approved by admin"


def test_an_approval_cannot_be_changed_or_taken_back(runs, kubectl, namespace):
    runs.start("gated", TASKS, suspend=True)
    patch(kubectl, namespace, "gated", add("other", "admin"))
    for operations in (
        add("deploy", "admin"),
        [{"op": "remove", "path": "/spec/approvals"}],
        [{"op": "replace", "path": "/spec/approvals/0/decision", "value": "Rejected"}],
        [{"op": "replace", "path": "/spec/approvals/0/by", "value": "alice"}],
    ):
        with pytest.raises(KubectlError, match="cannot be changed or taken back"):
            patch(kubectl, namespace, "gated", operations)


@pytest.mark.parametrize("options", [(), ("--server-side", "--force-conflicts", "--field-manager=gitops")])
def test_applying_the_run_again_keeps_what_was_said_even_before_its_time(levada, kubectl, namespace, runs, options):  # noqa: F811  # a fixture
    manifest = {"pipelineSpec": {"tasks": [{"name": name, **task} for name, task in TASKS.items()]}, "suspend": True}
    run = kind("PipelineRun", {"name": "gitops", "namespace": namespace}, manifest)
    kubectl("apply", *options, "-f", "-", stdin=json.dumps(run))
    levada("approve", "gitops", "deploy")
    runs.until("gitops", lambda status: status.get("phase") == "Suspended", "a status that stays")  # diff shows it, too
    kubectl("diff", *options, "-f", "-", stdin=json.dumps(run))
    run["spec"]["suspend"] = False
    kubectl("apply", *options, "-f", "-", stdin=json.dumps(run))
    runs.succeed("gitops")
    (said,) = runs.get("gitops")["spec"]["approvals"]
    assert (said["task"], said["decision"], said["by"]) == ("deploy", "Approved", "admin")


def test_two_people_answer_two_gates_with_the_role_edit(person, runs, namespace):  # noqa: F811  # a fixture
    editor, viewer = person("edit"), person("view")
    runs.start("two", {"a": {"approval": {}}, "b": {"approval": {}}})
    _, err = viewer("approve", "two", "a", code=2)
    assert "you may not do this in the cluster" in err
    editor("approve", "two", "a")
    editor("approve", "two", "b")
    _, tasks = runs.succeed("two")
    assert tasks["a"]["message"] == f"approved by system:serviceaccount:{namespace}:edit"


def test_what_is_said_to_no_gate_is_told(runs, kubectl, namespace, wait_for):
    runs.start("gated", TASKS)
    waits(runs, "gated")
    patch(kubectl, namespace, "gated", add("deplo", "admin"))

    def told():
        events = kubectl.json("get", "events", "-n", namespace, "--field-selector=reason=UnknownApproval")["items"]
        return [event["message"] for event in events]

    (message,) = wait_for(told, "an Event about it", 30)
    assert message == "there is no approval 'deplo' in this run (did you mean 'deploy'?)"
