"""Components that ask for the settings of their Pods, to start work with the same ones somewhere else."""

from kfp import dsl, kubernetes


@dsl.component(
    task_config_passthroughs=[
        dsl.TaskConfigField.RESOURCES,
        dsl.TaskConfigField.KUBERNETES_NODE_SELECTOR,
        dsl.TaskConfigField.KUBERNETES_TOLERATIONS,
        dsl.TaskConfigField.KUBERNETES_AFFINITY,
        dsl.TaskConfigField.KUBERNETES_VOLUMES,
        dsl.TaskConfigPassthrough(field=dsl.TaskConfigField.ENV, apply_to_task=True),
    ]
)
def told(config: dsl.TaskConfig) -> dict:
    import os

    return {
        "resources": config.resources,
        "nodeSelector": config.node_selector,
        "tolerations": config.tolerations,
        "affinity": config.affinity,
        "env": config.env,
        "claims": [volume["persistentVolumeClaim"]["claimName"] for volume in config.volumes],
        "mounts": [mount["mountPath"] for mount in config.volume_mounts],
        "own": os.environ.get("WORD"),
    }


@dsl.component
def untold(config: dsl.TaskConfig) -> bool:
    return config.env is None


@dsl.pipeline(name="settings")
def pipeline(memory: str = "64Mi", claim: str = "data") -> dict:
    task = told().set_memory_limit(memory).set_cpu_request("10m").set_env_variable("WORD", "b")
    kubernetes.add_node_selector(task, "disk", "ssd")
    kubernetes.add_toleration(task, key="gpu", operator="Exists")
    kubernetes.add_node_affinity(task, match_expressions=[{"key": "zone", "operator": "In", "values": ["a"]}])
    kubernetes.mount_pvc(task, claim, "/data")
    untold().set_env_variable("WORD", "b")
    return task.output


ROWS = ("settings of the Pod as data (`dsl.TaskConfig`)",)
_ZONE = {"key": "zone", "operator": "In", "values": ["a"]}
OUTPUTS = {
    "Output": {
        "resources": {"limits": {"memory": "64Mi"}, "requests": {"cpu": "10m"}},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [_ZONE]}]}
            }
        },
        "env": [{"name": "WORD", "value": "b"}],
        "claims": ["data"],
        "mounts": ["/data"],
        "own": "b",
    }
}
TASKS = {"untold": {"Output": True}}
