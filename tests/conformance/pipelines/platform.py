"""What the SDK can say of Kubernetes: it changes nothing on a laptop, and must be read all the same."""

from kfp import dsl, kubernetes


@dsl.component
def name_of() -> str:
    return "settings"


@dsl.component
def say(text: str = "said") -> str:
    return text


@dsl.pipeline(name="platform", pipeline_config=dsl.PipelineConfig(active_deadline_seconds=3600))
def pipeline(secret: str = "keys", memory: str = "64Mi", image: str = "python:3.11") -> str:
    plain = say().set_caching_options(enable_caching=True, cache_key="said")
    kubernetes.use_secret_as_env(plain, "keys", {"token": "TOKEN"}, optional=True)
    kubernetes.use_secret_as_volume(plain, "keys", "/keys", optional=True)
    kubernetes.use_config_map_as_env(plain, "settings", {"mode": "MODE"}, optional=True)
    kubernetes.use_config_map_as_volume(plain, "settings", "/settings", optional=True)
    kubernetes.add_node_selector(plain, "disk", "ssd")
    kubernetes.add_toleration(plain, key="gpu", operator="Exists", effect="NoSchedule")
    kubernetes.add_node_affinity(
        plain, match_expressions=[{"key": "zone", "operator": "In", "values": ["a"]}], weight=5
    )
    kubernetes.add_pod_label(plain, "team", "one")
    kubernetes.add_pod_annotation(plain, "note", "two")
    kubernetes.set_image_pull_secrets(plain, ["registry"])
    kubernetes.set_image_pull_policy(plain, "IfNotPresent")
    kubernetes.use_field_path_as_env(plain, "POD_NAME", "metadata.name")
    kubernetes.empty_dir_mount(plain, "scratch", "/scratch", size_limit="1Mi")
    kubernetes.add_ephemeral_volume(plain, "disk", "/disk", ["ReadWriteOnce"], "1Mi")
    kubernetes.set_security_context(plain, run_as_user=1000, run_as_non_root=True)
    kubernetes.set_timeout(plain, 600)

    name = name_of()
    bound = say(text="bound").set_memory_limit(memory).set_container_image(image)
    kubernetes.use_config_map_as_env(bound, name.output, {"mode": "MODE"}, optional=True)
    kubernetes.use_secret_as_env(bound, secret, {"token": "TOKEN"}, optional=True)
    kubernetes.add_toleration_json(bound, [{"key": "spot", "operator": "Exists"}])
    kubernetes.add_node_selector_json(bound, {"disk": "ssd"})
    kubernetes.add_node_affinity_json(bound, {})

    made = kubernetes.CreatePVC(pvc_name_suffix="-data", access_modes=["ReadWriteOnce"], size="1Mi")
    mounted = say(text="mounted")
    kubernetes.mount_pvc(mounted, made.outputs["name"], "/data", sub_path="part")
    kubernetes.DeletePVC(pvc_name=made.outputs["name"]).after(mounted)
    return plain.output


ROWS = (
    "Secrets and ConfigMaps as variables and volumes",
    "claims mounted (`pvcMount`)",
    "claims made and removed",
    "names from inputs and other tasks",
    "node selectors, tolerations, node affinity",
    "Pod metadata, pull secrets and policy, field paths, scratch volumes, security context",
    "deadlines of tasks and of the run",
    "caching keys",
    "images, resources and accelerators from inputs",
)
OUTPUTS = {"Output": "said"}
TASKS = {"say-2": {"Output": "bound"}, "say-3": {"Output": "mounted"}}
