"""What the chart lets whom do."""

from __future__ import annotations

from integration.chart.rendering import EVERYTHING, flat, load, template

RULES = {
    ("levada.dev", "pipelineruns"): "get list watch patch delete",
    ("levada.dev", "pipelines"): "get list watch",
    ("levada.dev", "components"): "get list watch",
    ("levada.dev", "pipelineruns/status"): "patch",
    ("levada.dev", "pipelines/status"): "patch",
    ("levada.dev", "components/status"): "patch",
    ("", "pods"): "get list watch create patch delete",
    ("", "pods/log"): "get",
    ("", "configmaps"): "get create",
    ("", "persistentvolumeclaims"): "get create delete",
    ("", "secrets", "levada-store"): "get",
    ("events.k8s.io", "events"): "create list",
}


def test_the_operator_may_do_this_and_nothing_more(render):
    objects = render()
    assert flat(objects["ClusterRole", "levada"]["rules"]) == RULES
    assert flat(objects["Role", "levada-system", "levada-lease"]["rules"]) == {
        ("coordination.k8s.io", "leases", "levada"): "get update",
        ("coordination.k8s.io", "leases"): "create",
    }
    bound = {key[1] for key in objects if key[0] == "ClusterRoleBinding"}
    assert bound == {"levada", "levada-uninstall"}


def test_with_given_namespaces_the_operator_may_do_nothing_elsewhere(render):
    objects = render("watchNamespaces={a,b}")
    assert [flat(objects["Role", namespace, "levada"]["rules"]) for namespace in "ab"] == [RULES, RULES]
    assert ("ClusterRoleBinding", "levada") not in objects
    assert ("ClusterRole", "levada") not in objects


def test_who_may_edit_a_namespace_may_not_write_statuses(render):
    rules = flat(render()["ClusterRole", "levada-edit"]["rules"])
    assert not [resource for _, resource in rules if "/" in resource]


def test_the_uninstall_hook_may_stop_the_operator_and_release_pods(render):
    objects = render()
    assert flat(objects["Role", "levada-system", "levada-uninstall"]["rules"]) == {
        ("apps", "deployments"): "list",
        ("apps", "deployments/scale", "levada"): "patch",
        ("", "pods"): "list",
    }
    assert flat(objects["ClusterRole", "levada-uninstall"]["rules"]) == {("", "pods"): "list patch"}


def test_everything_of_the_uninstall_hook_is_a_hook_and_nothing_else_is(render):
    hooks = {key[-1] for key, each in render(*EVERYTHING).items() if "helm.sh/hook" in str(each["metadata"])}
    assert hooks == {"levada-uninstall"}


POLICIES = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


def test_whoever_approves_does_so_in_their_own_name_and_nobody_is_exempt(render):
    objects = render()
    spec = objects["ValidatingAdmissionPolicy", "levada-approvals"]["spec"]
    assert spec["failurePolicy"] == "Fail"
    assert not spec.keys() & {"matchConditions"}
    assert spec["matchConstraints"]["resourceRules"] == [
        {"apiGroups": ["levada.dev"], "apiVersions": ["v1alpha1"], "resources": ["pipelineruns"],
         "operations": ["CREATE", "UPDATE"]}
    ]  # fmt: skip
    binding = objects["ValidatingAdmissionPolicyBinding", "levada-approvals"]["spec"]
    assert binding == {"policyName": "levada-approvals", "validationActions": ["Deny"]}


def test_the_policy_of_approvals_can_be_left_out_and_is_where_the_cluster_knows_none(render, helm):
    assert not POLICIES & {key[0] for key in render("approvals.policy.enabled=false")}
    assert not POLICIES & {key[0] for key in load(template(helm, kubernetes="1.29.9"))}
