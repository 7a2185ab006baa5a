"""The shape of what a compiled pipeline says of Kubernetes. Any other field is refused.

Source: `kubernetes_executor_config.proto` of Kubeflow Pipelines, in its JSON form.
"""

from typing import Any

from pydantic import Field

from levada.frontend.kfp.ir import Message, Named, TaskParameter


class KeyToEnv(Message):
    """An entry of a Secret or ConfigMap, and the variable that takes it."""

    secret_key: str = ""
    config_map_key: str = ""
    env_var: str


class SecretAsEnv(Message):
    """Variables from a Secret."""

    secret_name: str = ""
    secret_name_parameter: TaskParameter | None = None
    key_to_env: tuple[KeyToEnv, ...] = ()
    optional: bool = False


class ConfigMapAsEnv(Message):
    """Variables from a ConfigMap."""

    config_map_name: str = ""
    config_map_name_parameter: TaskParameter | None = None
    key_to_env: tuple[KeyToEnv, ...] = ()
    optional: bool = False


class SecretAsVolume(Message):
    """A Secret as files."""

    secret_name: str = ""
    secret_name_parameter: TaskParameter | None = None
    mount_path: str
    optional: bool = False


class ConfigMapAsVolume(Message):
    """A ConfigMap as files."""

    config_map_name: str = ""
    config_map_name_parameter: TaskParameter | None = None
    mount_path: str
    optional: bool = False


class ClaimMount(TaskParameter):
    """A PersistentVolumeClaim in the container; the older fields name it in one of three ways."""

    pvc_name_parameter: TaskParameter | None = None
    constant: str | None = None
    mount_path: str
    sub_path: str = ""


class NodeSelector(Message):
    """Labels that the node must have."""

    labels: Named = Field(default_factory=dict)
    node_selector_json: TaskParameter | None = None


class Toleration(Message):
    """A taint that the Pod bears."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None
    toleration_json: TaskParameter | None = None


class Requirement(Message):
    """One thing that is asked of a node."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class NodeAffinity(Message):
    """Nodes that are needed, or with a weight preferred."""

    match_expressions: tuple[Requirement, ...] = ()
    match_fields: tuple[Requirement, ...] = ()
    weight: int | None = None
    node_affinity_json: TaskParameter | None = None


class PodMetadata(Message):
    """Labels and annotations of the Pod."""

    labels: Named = Field(default_factory=dict)
    annotations: Named = Field(default_factory=dict)


class PullSecret(Message):
    """A Secret with which the image is pulled."""

    secret_name: str = ""
    secret_name_parameter: TaskParameter | None = None


class FieldPath(Message):
    """A variable that tells of the Pod itself."""

    name: str
    field_path: str


class EphemeralVolume(Message):
    """A claim that lives as long as the Pod."""

    volume_name: str
    mount_path: str
    access_modes: tuple[str, ...] = ()
    size: str
    default_storage_class: bool = False
    storage_class_name: str = ""
    metadata: PodMetadata = PodMetadata()


class EmptyDir(Message):
    """Scratch space that lives as long as the Pod."""

    volume_name: str
    mount_path: str
    medium: str = ""
    size_limit: str = ""


class SharedMemory(Message):
    """Scratch space in memory at `/dev/shm`."""

    volume_name: str = ""
    size: str = ""


class SecurityContext(Message):
    """As whom the container runs."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None


class Config(Message):
    """What is said of the Pods of one executor."""

    secret_as_env: tuple[SecretAsEnv, ...] = ()
    config_map_as_env: tuple[ConfigMapAsEnv, ...] = ()
    secret_as_volume: tuple[SecretAsVolume, ...] = ()
    config_map_as_volume: tuple[ConfigMapAsVolume, ...] = ()
    pvc_mount: tuple[ClaimMount, ...] = ()
    node_selector: NodeSelector = NodeSelector()
    tolerations: tuple[Toleration, ...] = ()
    node_affinity: tuple[NodeAffinity, ...] = ()
    pod_affinity: tuple[Any, ...] = ()
    pod_metadata: PodMetadata = PodMetadata()
    image_pull_secret: tuple[PullSecret, ...] = ()
    image_pull_policy: str = ""
    field_path_as_env: tuple[FieldPath, ...] = ()
    active_deadline_seconds: int = 0
    generic_ephemeral_volume: tuple[EphemeralVolume, ...] = ()
    empty_dir_mounts: tuple[EmptyDir, ...] = ()
    enabled_shared_memory: SharedMemory | None = None
    security_context: SecurityContext = SecurityContext()
    init_containers: tuple[Any, ...] = ()


class Deployment(Message):
    """The configurations, by the label of their executor."""

    executors: dict[str, Config] = Field(default_factory=dict)


class ClaimPatch(Message):
    """What the workspace's claim asks for."""

    access_modes: tuple[str, ...] = ()
    storage_class_name: str = ""


class KubernetesWorkspace(Message):
    """The workspace as a claim."""

    pvc_spec_patch: ClaimPatch = ClaimPatch()


class Workspace(Message):
    """A volume that all tasks of a run share."""

    size: str = ""
    kubernetes: KubernetesWorkspace | None = None


class PipelineConfig(Message):
    """What is said of a run as a whole; 0 for nothing."""

    workspace: Workspace | None = None
    resource_ttl_on_completion: int = 0
    resource_ttl_on_success: int = 0
    resource_ttl_on_failure: int = 0
    active_deadline_seconds: int = 0
    semaphore_key: str = ""
    mutex_name: str = ""


class Kubernetes(Message):
    """All that a compiled pipeline says of Kubernetes."""

    deployment_spec: Deployment = Deployment()
    pipeline_config: PipelineConfig = PipelineConfig()
