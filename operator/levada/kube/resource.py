"""Names of things in the API server: a kind's address, an object's metadata."""

from dataclasses import dataclass
from urllib.parse import quote

import msgspec


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as the REST API spells it.

    Attributes
    ----------
    group_version
        `v1`, `levada.dev/v1alpha1`.
    plural
        `pods`, `pipelineruns`.
    """

    group_version: str
    plural: str

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """The path of one object, or of the collection when `name` is None; all namespaces when `namespace` is.

        Parameters
        ----------
        namespace, name
            Which object; leave `namespace` out for kinds that have none.
        subresource
            `status`, `log`.
        """
        prefix = "/apis" if "/" in self.group_version else "/api"
        parts = [prefix, self.group_version]
        if namespace:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        return "/".join(parts)


PODS = Resource("v1", "pods")
CONFIG_MAPS = Resource("v1", "configmaps")
CLAIMS = Resource("v1", "persistentvolumeclaims")
SECRETS = Resource("v1", "secrets")
EVENTS = Resource("events.k8s.io/v1", "events")
LEASES = Resource("coordination.k8s.io/v1", "leases")
SELF_REVIEWS = Resource("authentication.k8s.io/v1", "selfsubjectreviews")
PIPELINE_RUNS = Resource("levada.dev/v1alpha1", "pipelineruns")
PIPELINES = Resource("levada.dev/v1alpha1", "pipelines")
COMPONENTS = Resource("levada.dev/v1alpha1", "components")


class OwnerReference(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """Who owns an object."""

    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool = False


class ObjectMeta(msgspec.Struct, rename="camel", frozen=True):
    """The part of an object's metadata that we read."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    finalizers: list[str] = []
    owner_references: list[OwnerReference] = []


class PartialObject(msgspec.Struct, frozen=True):
    """An object of any kind, of which only the metadata is read."""

    metadata: ObjectMeta
