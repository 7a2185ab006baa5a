"""What a run may not put into its Pods: the store's keys in any form, and names that the chart does not list."""

import pytest

from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.pod_template import Allowed, check_template

FORMS = {
    "variable": lambda name: {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": "k"}}}]},
    "variables": lambda name: {"envFrom": [{"secretRef": {"name": name}}]},
    "volume": lambda name: {"volumes": [{"name": "v", "secret": {"secretName": name}}]},
    "projected": lambda name: {"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": name}}]}}]},
    "pull secret": lambda name: {"imagePullSecrets": [{"name": name}]},
    "volume of a driver": lambda name: {"volumes": [{"name": "v", "csi": {"nodePublishSecretRef": {"name": name}}}]},
}


def faults(template, allowed):
    mistakes = Mistakes()
    check_template(template, Path(("podTemplate",)), allowed, mistakes)
    return " ".join(str(mistake) for mistake in mistakes)


@pytest.mark.threat(
    "a run takes the store's keys from the Secret `levada-store`",
    holds="the Secret is refused by name in every volume, variable and pull secret, whatever the chart lists",
)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("allowed", [None, Allowed(secrets=frozenset({"levada-store"}))], ids=["laptop", "listed"])
def test_the_stores_secret_is_refused_in_every_form(form, allowed):
    assert "Levada's agent alone" in faults(FORMS[form]("levada-store"), allowed)


@pytest.mark.threat(
    "a run uses Secrets or a ServiceAccount of others in its namespace",
    holds="only those that the chart lists (`allowedSecrets`, `allowedServiceAccounts`); none by default",
)
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_refused_unless_the_chart_lists_it(form):
    assert "allowedSecrets" in faults(FORMS[form]("mine"), Allowed())
    assert not faults(FORMS[form]("mine"), Allowed(secrets=frozenset({"mine"})))
    assert "allowedServiceAccounts" in faults({"serviceAccountName": "mine"}, Allowed())
    assert not faults({"serviceAccountName": "mine"}, Allowed(service_accounts=frozenset({"mine"})))


@pytest.mark.threat(
    "a run overrides Levada's own labels and annotations, or loosens its Pods' confinement by one",
    holds="refused in the domains of Levada, AppArmor and seccomp, and in those that container runtimes obey",
)
@pytest.mark.parametrize("field", ["labels", "annotations"])
@pytest.mark.parametrize(
    "key",
    [
        "levada.dev/run",
        "sub.levada.dev/x",
        "LEVADA.dev/x",
        "container.apparmor.security.beta.kubernetes.io/main",
        "io.kubernetes.cri-o.Devices",
        "seccomp-profile.kubernetes.cri-o.io/main",
        "irq-load-balancing.crio.io",
        "io.katacontainers.config.hypervisor.path",
        "dev.gvisor.spec.mount.data.source",
        "cdi.k8s.io/gpu",
        "devices.nri.io/container.main",
        "ulimits.nri.containerd.io/container.main",
    ],
)
def test_keys_in_domains_that_mean_something_are_refused(field, key):
    assert key in faults({field: {key: "x"}}, Allowed())


@pytest.mark.parametrize(
    "key",
    ["team", "example.com/team", "sidecar.istio.io/inject", "prometheus.io/scrape", "binri.io/x", "mylevada.dev/x"],
)
def test_keys_of_others_are_let_through(key):
    assert not faults({"annotations": {key: "x"}}, Allowed())
