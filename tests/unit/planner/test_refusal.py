"""Why the API server would not take a Pod; the messages are those of a 1.35 API server."""

import pytest

from levada.planner.refusal import refusal_of


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ('pods "p" is forbidden: exceeded quota: q, requested: pods=1, used: pods=4, limited: pods=4', "QuotaExceeded"),
        ('pods "p" is forbidden: failed quota: q: must specify limits.memory for: main', "QuotaExceeded"),
        ('pods "p" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
         "PodSecurityViolation"),
        ('pods "p" is forbidden: error looking up service account ns/a: serviceaccount "a" not found',
         "ServiceAccountMissing"),
        ('pods "p" is forbidden: unable to create new content in namespace ns because it is being terminated',
         "NamespaceTerminating"),
        ('pods is forbidden: User "system:serviceaccount:a:b" cannot create resource "pods" in API group ""',
         "NotAllowed"),
        ('admission webhook "policy.example.org" denied the request: no', "AdmissionDenied"),
    ],
)  # fmt: skip
def test_what_is_forbidden_now_may_be_allowed_later_and_the_message_says_why(message, reason):
    refusal = refusal_of(403, message)
    assert (refusal.reason, refusal.is_lasting) == (reason, False)
    assert message in refusal.message


def test_a_pod_that_is_invalid_never_becomes_valid():
    refusal = refusal_of(422, 'Pod "p" is invalid: spec.tolerations[0].effect: Unsupported value')
    assert (refusal.reason, refusal.is_lasting) == ("InvalidPod", True)


@pytest.mark.parametrize("status", [400, 403, 422])
@pytest.mark.parametrize(
    "message",
    [
        "pods \"p\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
        'admission webhook "policy.example.org" denied the request: no',
    ],
)
def test_a_policy_may_change_its_mind_whatever_status_it_answers_with(status, message):
    refusal = refusal_of(status, message)
    assert (refusal.reason, refusal.is_lasting) == ("AdmissionDenied", False)


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_trouble_of_the_api_server_is_nobodys_fault_and_passes(status):
    assert not refusal_of(status, "later").is_lasting
