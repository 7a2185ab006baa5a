"""The allow-list through which a run, a pipeline or a task places its Pods. There is no raw Pod patch."""

from typing import Annotated, Any, Literal

from pydantic import Field

from levada.api.base import Model, one_of
from levada.api.fields import DnsLabel, EnvName, Flag, Integer, ObjectName, Path, Quantity
from levada.api.list_map import ListMap
from levada.api.resources import ResourceRequirements

Labels = Annotated[dict[str, Annotated[str, Field(max_length=63)]], Field(max_length=64)]
Annotations = Annotated[dict[str, Annotated[str, Field(max_length=65_536)]], Field(max_length=64)]
Key = Annotated[str, Field(min_length=1, max_length=253)]
ShortText = Annotated[str, Field(max_length=253)]


class Toleration(Model):
    """Lets Pods run on nodes with a matching taint."""

    key: ShortText | None = None
    """Key of the taint; empty with `operator: Exists` matches every key."""

    operator: Literal["Exists", "Equal"] | None = None
    """How `value` is compared; `Equal` if not given."""

    value: ShortText | None = None
    """Value of the taint."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; every effect if not given."""

    toleration_seconds: Integer | None = None
    """How long a `NoExecute` taint is tolerated; forever if not given."""


class LocalReference(Model):
    """Another object in the same namespace."""

    name: ObjectName
    """Name of the object."""


class KeyReference(Model):
    """One entry of a Secret or ConfigMap."""

    name: ObjectName
    """Name of the object."""

    key: Key
    """Key of the entry."""

    optional: Flag | None = None
    """Whether the Pod starts without it."""


class SourceReference(Model):
    """A whole Secret or ConfigMap."""

    name: ObjectName
    """Name of the object."""

    optional: Flag | None = None
    """Whether the Pod starts without it."""


class EnvSource(Model):
    """Where an environment variable comes from."""

    EXACTLY_ONE = ("secretKeyRef", "configMapKeyRef")
    model_config = one_of(*EXACTLY_ONE)

    secret_key_ref: KeyReference | None = None
    """An entry of a Secret that the operator's chart lists."""

    config_map_key_ref: KeyReference | None = None
    """An entry of a ConfigMap."""


class EnvVar(Model):
    """An environment variable of the task's container."""

    name: EnvName
    """Name of the variable."""

    value: Annotated[str, Field(max_length=131_000)] | None = None
    """Its value, as it is: `$(VAR)` is not expanded."""

    value_from: EnvSource | None = None
    """A Secret or ConfigMap that holds its value."""


class EnvFrom(Model):
    """A Secret or ConfigMap whose entries all become environment variables."""

    EXACTLY_ONE = ("secretRef", "configMapRef")
    model_config = one_of(*EXACTLY_ONE)

    secret_ref: SourceReference | None = None
    """A Secret that the operator's chart lists."""

    config_map_ref: SourceReference | None = None
    """A ConfigMap."""


class KeyToPath(Model):
    """A file of a Secret or ConfigMap volume."""

    key: Key
    """Key of the entry."""

    path: Path
    """Path of the file below the mount."""

    mode: Integer | None = None
    """Permission bits of the file."""


Items = Annotated[tuple[KeyToPath, ...], Field(max_length=256)]


class EmptyDirVolume(Model):
    """Scratch space that lives as long as the Pod."""

    medium: Literal["", "Memory"] | None = None
    """`Memory` for a file system in memory."""

    size_limit: Quantity | None = None
    """How much it may hold."""


class ClaimVolume(Model):
    """A PersistentVolumeClaim."""

    claim_name: ObjectName
    """Name of the claim."""

    read_only: Flag | None = None
    """Whether it is mounted read-only."""


class ConfigMapVolume(Model):
    """A ConfigMap as files."""

    name: ObjectName
    """Name of the ConfigMap."""

    items: Items | None = None
    """Which entries become which files; all of them if not given."""

    default_mode: Integer | None = None
    """Permission bits of the files."""

    optional: Flag | None = None
    """Whether the Pod starts without it."""


class SecretVolume(Model):
    """A Secret as files."""

    secret_name: ObjectName
    """Name of the Secret; the operator's chart must list it."""

    items: Items | None = None
    """Which entries become which files; all of them if not given."""

    default_mode: Integer | None = None
    """Permission bits of the files."""

    optional: Flag | None = None
    """Whether the Pod starts without it."""


class Volume(Model):
    """A volume of the Pod, of one of the kinds that the allow-list has."""

    EXACTLY_ONE = ("emptyDir", "persistentVolumeClaim", "configMap", "secret")
    model_config = one_of(*EXACTLY_ONE)

    name: DnsLabel
    """Name of the volume."""

    empty_dir: EmptyDirVolume | None = None
    """Scratch space that lives as long as the Pod."""

    persistent_volume_claim: ClaimVolume | None = None
    """A PersistentVolumeClaim."""

    config_map: ConfigMapVolume | None = None
    """A ConfigMap as files."""

    secret: SecretVolume | None = None
    """A Secret as files."""


class VolumeMount(Model):
    """Where a volume appears in the task's container."""

    name: DnsLabel
    """Name of the volume."""

    mount_path: Path
    """Path in the container."""

    sub_path: Path | None = None
    """A folder of the volume instead of its root."""

    read_only: Flag | None = None
    """Whether it is mounted read-only."""


class PodTemplate(Model):
    """Options of task Pods. Secrets and service accounts are refused unless the operator's chart lists them."""

    pod_security: Literal["restricted"] | None = None
    """`restricted`: the Pods meet that Pod Security profile, whatever the installation's default."""

    resources: ResourceRequirements | None = None
    """What the task's container needs and may use; goes over the component's."""

    node_selector: Labels | None = None
    """Labels that the node must have."""

    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=64)] = ()
    """Taints that the Pod tolerates."""

    affinity: dict[str, Any] | None = None
    """Scheduling rules, as in a Pod."""

    service_account_name: ObjectName | None = None
    """Service account of the Pod; the operator's chart must list it."""

    automount_service_account_token: Flag | None = None
    """Whether the Pod gets its service account's token; not if not given."""

    priority_class_name: ObjectName | None = None
    """Priority class of the Pod."""

    runtime_class_name: ObjectName | None = None
    """Runtime class of the Pod."""

    image_pull_secrets: Annotated[tuple[LocalReference, ...], ListMap("name"), Field(max_length=32)] = ()
    """Secrets with which the image is pulled."""

    volumes: Annotated[tuple[Volume, ...], ListMap("name"), Field(max_length=64)] = ()
    """Volumes: `emptyDir`, `persistentVolumeClaim`, `configMap` or `secret`."""

    volume_mounts: Annotated[tuple[VolumeMount, ...], ListMap("mountPath"), Field(max_length=64)] = ()
    """Where the volumes appear in the task's container."""

    env: Annotated[tuple[EnvVar, ...], ListMap("name"), Field(max_length=256)] = ()
    """Further environment variables of the task's container."""

    env_from: Annotated[tuple[EnvFrom, ...], Field(max_length=32)] = ()
    """Secrets and ConfigMaps whose entries all become environment variables."""

    labels: Labels | None = None
    """Further labels of the Pod, outside `levada.dev`."""

    annotations: Annotations | None = None
    """Further annotations of the Pod, outside `levada.dev`."""
