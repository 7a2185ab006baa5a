"""What documents come to that kfp.local cannot run, read from their source; and those that cannot be run here."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ByHand:
    """How a run ends.

    Attributes
    ----------
    said
        A part of its message.
    outputs
        Of the pipeline; a text that names a file is matched as a pattern.
    tasks
        What some of its tasks make, by path.
    program
        What it starts, that may not be installed.
    """

    phase: str = "Succeeded"
    said: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    program: str = "sh"


def _artifact(type_: str, content: str | None) -> dict[str, Any]:
    return {"type": f"system.{type_}", "metadata": {}, "content": content}


def _dataset(content: str | None) -> dict[str, Any]:
    return _artifact("Dataset", content)


DONE = ByHand()
"""It prints something, and has no outputs."""
_NESTED = {"print-op1": {"Output": "Hello"}, "inner-pipeline.print-op1": {"Output": "world"}}
_COLLECTING = "collecting-artifacts.for-loop-1"

BY_HAND: dict[str, ByHand] = {
    "argo_compatibility/fast_artifact": DONE,
    "valid/arguments_parameters": DONE,
    "valid/artifacts_simple": ByHand(
        outputs={"Output": [_dataset("2"), _dataset("4"), _dataset("6")]},
        tasks={"add": {"out_dataset": _dataset("12")}, "add-container": {"out_dataset": _dataset("12")}},
    ),
    "valid/artifacts_complex": ByHand(  # 2 + 4 + 6, and three times 4 + 6
        outputs={"datasets": [_dataset("2"), _dataset("4"), _dataset("6")], "sum": _dataset("42")}
    ),
    "valid/collected_artifacts": ByHand(
        tasks={
            "read-models": {"Output": "models read"},
            **{
                f"{_COLLECTING}[{index}].{task}": {"Output": f"{made} read"}
                for index in range(3)
                for task, made in (("read-datasets", "files"), ("read-models", "models"))
            },
            f"{_COLLECTING}[0].for-loop-2[2].read-single-dataset-generate-model": {
                "results": _artifact("Model", "z-s1")
                | {"metadata": {"model": "z", "model_name": "model-artifact-inner-iteration-z-s1"}}
            },
        }
    ),
    "valid/component_with_metadata_fields": ByHand(
        outputs={"Output": "first, second", "out_dataset": _dataset("first, second")}
    ),
    "valid/container_io": ByHand(outputs={"output_path": "some text"}),
    "valid/container_with_concat_placeholder": ByHand(
        outputs={"output_path": "prefix-first/.*/text2", "text2": _dataset(None)}
    ),
    "valid/container_with_if_placeholder": ByHand(outputs={"output_path": "default", "dataset": _dataset(None)}),
    "valid/critical/missing_kubernetes_optional_inputs": DONE,
    "valid/critical/parameters_simple": ByHand(
        outputs={"Output": [2, 4, 6]},
        tasks={"add": {"Output": 12}, "add-container": {"sum": 12}},
        program="jq",
    ),
    "valid/critical/pipeline_with_env": DONE,
    "valid/critical/pipeline_with_secret_as_env": ByHand(
        tasks={"generate-secret-name": {"some_output": "test-secret-3"}}
    ),
    "valid/critical/pipeline_with_volume_long_name": DONE,
    "valid/critical/pipeline_with_workspace": ByHand(outputs={"Output": "Hello from workspace!"}),
    "valid/critical/producer_consumer_param_pipeline": ByHand(
        tasks={"producer": {"output_value": "Hello world, this is an output parameter\n"}}
    ),
    "valid/critical/two_step_pipeline_containerized": DONE,
    "valid/essential/container_no_input": DONE,
    "valid/essential/pipeline_with_nested_conditions_yaml": DONE,  # heads or tails: any branch
    "valid/essential/pipeline_with_outputs": ByHand(
        outputs={"Output": _artifact("Artifact", "world\n")}, tasks=_NESTED
    ),
    "valid/essential/placeholder_with_if_placeholder_none_input_value": DONE,
    "valid/gpu-scheduling/nvidia_gpu_scheduling_check": DONE,  # the laptop has no scheduler that could refuse it
    "valid/if_else_with_oneof_artifacts": DONE,  # heads or tails
    "valid/input_artifact": DONE,
    "valid/log_streaming_compiled": DONE,
    "valid/mounted_cabundle_secret": DONE,
    "valid/parallel_and_nested/parallel_for_mount_pvc": ByHand(
        tasks={"for-loop-2[0].example-component": {"Output": "a"}}
    ),
    "valid/parallel_and_nested/pipeline_in_pipeline": ByHand(tasks=_NESTED),
    "valid/parallel_and_nested/pipeline_in_pipeline_complex": DONE,  # kfp.local fails in its loop
    "valid/parallel_and_nested/pipeline_in_pipeline_loaded_from_yaml": ByHand(
        tasks={
            "pipeline-in-pipeline.print-op1": {"Output": "Hello"},
            "pipeline-in-pipeline.inner-pipeline.print-op1": {"Output": "world"},
        }
    ),
    "valid/parameters_complex": ByHand(outputs={"Output": 306}),  # three times 2 + 4 + 6 and three times 8 + 10 + 12
    "valid/pipeline_with_parallelfor_list_artifacts_GH-12033": DONE,  # artifacts' names are each engine's own
    "valid/pipeline_with_parallelfor_pipeline_param": ByHand(  # kfp.local gives the second loop the item as its prefix
        tasks={
            f"for-loop-{loop}[{index}].{task}": {"Output": f"{prefix}: {item}"}
            for loop, task, prefix in ((1, "print-with-prefix", "p"), (2, "print-with-prefix-2", "dynamic-prefix"))
            for index, item in enumerate("ab")
        }
    ),
    "valid/run_as_user_cache_enabled": DONE,
}

_NETWORK = "fetches data from the internet"
_IMAGE = "runs a program that only its image has"
_GPU = "waits for a GPU"
_SERVICE = "starts a job of a cloud's that no one here has"

ELSEWHERE: dict[str, str] = {
    "valid/components_with_optional_artifacts": _NETWORK,
    "valid/container_with_artifact_output": _IMAGE,
    "valid/containerized_python_component": _IMAGE,
    "valid/integration/ray_integration_compiled": "needs a Ray cluster",
    "valid/pipeline_with_condition_dynamic_task_output_custom_training_job": _SERVICE,
    "valid/pipeline_with_dynamic_task_output_custom_training_job": _SERVICE,
    "valid/pipeline_with_importer_and_gcpc_types": _NETWORK,
    "valid/pipeline_with_volume_no_cache": "writes where it mounts a claim, which a plain process does not see",
    "valid/pythonic_artifact_with_single_return": _NETWORK,
    "valid/sequential_v2": _NETWORK,
    "valid/xgboost_sample_pipeline": _NETWORK,
}
"""Documents that are read, and not run, with the reason."""

RANDOM = {
    "valid/critical/parameter_oneof",
    "valid/essential/pipeline_with_condition",
    "valid/essential/pipeline_with_nested_conditions",
    "valid/if_else_with_oneof_artifacts",
    "valid/output_metrics",
    "valid/parallel_and_nested/pipeline_in_pipeline_complex",
}
"""Documents that flip a coin or draw a number: how they end is compared, and nothing else."""

IN_A_CLUSTER: dict[str, ByHand] = {
    # It opens its URI as a file, where a bucket of Google's is mounted; so it fails in every other cluster.
    "valid/artifacts_simple": ByHand(
        "Failed",
        "add-container",
        outputs={"Output": [_dataset("2"), _dataset("4"), _dataset("6")]},
        tasks={"add": {"out_dataset": _dataset("12")}},
    ),
    "valid/parallel_and_nested/nested_parallel_for_secret": ByHand(
        tasks={f"for-loop-2[{index}].worker-component": {"Output": "user1"} for index in range(2)}
    ),
    "valid/parallel_and_nested/parallel_for_secret": ByHand(
        tasks={f"for-loop-2[{index}].example-component": {"Output": "user1"} for index in range(3)}
    ),
    "valid/pipeline_with_volume_no_cache": ByHand(
        tasks={"producer": {"Output": "Hello world"}, "consumer": {"Output": "Hello world"}}
    ),
    "valid/pvc_mount": ByHand(tasks={"producer": {"Output": "hello"}}),
}
"""What documents come to that can have there what a laptop has not: Secrets and claims."""

NOT_IN_A_CLUSTER = {name: why for name, why in ELSEWHERE.items() if name not in IN_A_CLUSTER} | {
    "valid/component_with_metadata_fields": "takes artifacts, which stand on this machine",
    "valid/container_io": _IMAGE,
    "valid/container_with_concat_placeholder": _IMAGE,
    "valid/container_with_if_placeholder": _IMAGE,
    "valid/critical/parameters_simple": _IMAGE,
    "valid/gpu-scheduling/nvidia_gpu_scheduling_check": _GPU,
    "valid/local_execution/local_execution_pipeline_with_k8s_only_methods": _GPU,
    "valid/pipeline_with_string_machine_fields_task_output": "asks for a device by a name that Kubernetes refuses",
    "valid/input_artifact": "takes an artifact, which stands on this machine",
    "valid/log_streaming_compiled": "prints for a minute as fast as it can",
}
"""Documents that are not run in the cluster, with the reason."""
