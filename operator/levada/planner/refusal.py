"""Why the API server would not take a Pod: one table, by status and message.

Quota, Pod Security, RBAC, a missing ServiceAccount and a terminating namespace are all 403 and differ by message.
"""

from __future__ import annotations

from dataclasses import dataclass

from levada.planner import reasons

_FORBIDDEN = (
    ("cannot create resource", "NotAllowed", "the operator may not create them here; check its RBAC"),
    ("cannot delete resource", "NotAllowed", "the operator may not delete them here; check its RBAC"),
    ("cannot get resource", "NotAllowed", "the operator may not read them here; check its RBAC"),
    ("exceeded quota", "QuotaExceeded", "the namespace's ResourceQuota is used up; the task starts when there is room"),
    ("failed quota", "QuotaExceeded", "the ResourceQuota wants requests or limits that the task does not set"),
    (
        "violates podsecurity",
        "PodSecurityViolation",
        "the namespace's Pod Security level refuses the Pod; run it with podTemplate: {podSecurity: restricted}",
    ),
    ("looking up service account", "ServiceAccountMissing", "the ServiceAccount does not exist"),
    ("is being terminated", "NamespaceTerminating", "the namespace is being deleted"),
)
_DENIED = ("denied request", "denied the request")
"""How a policy and a webhook say no, with whatever status; what they refuse today they may let pass tomorrow."""
_ADMISSION = "AdmissionDenied"
_UNPROCESSABLE = 422
_FORBIDDEN_STATUS = 403


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a Pod was not taken; one that is not `is_lasting` is tried again until the task's pendingTimeout."""

    reason: str
    message: str
    is_lasting: bool = False


def refusal_of(status: int, message: str, kind: str = "Pod") -> Refusal:
    """What an answer other than success to the creation of a Pod, or of another kind, means."""
    lowered = message.lower()
    if any(sign in lowered for sign in _DENIED):
        return Refusal(_ADMISSION, f"an admission policy refused the {kind}: {message}")
    if status == _UNPROCESSABLE:
        return Refusal(reasons.INVALID_POD, f"the API server refused the {kind}: {message}", is_lasting=True)
    if status == _FORBIDDEN_STATUS:
        for sign, reason, meaning in _FORBIDDEN:
            if sign in lowered:
                return Refusal(reason, f"{meaning} ({message})")
        return Refusal(_ADMISSION, f"an admission policy refused the {kind}: {message}")
    return Refusal("ApiError", f"the API server answered {status}: {message}")
