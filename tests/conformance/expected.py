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
        Of the pipeline.
    tasks
        The values that some of its tasks make, by path.
    """

    phase: str = "Succeeded"
    said: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)


DONE = ByHand()
"""It prints something, and has no outputs."""

BY_HAND: dict[str, ByHand] = {
    "argo_compatibility/fast_artifact": DONE,
    "valid/arguments_parameters": DONE,
    "valid/critical/producer_consumer_param_pipeline": ByHand(
        tasks={"producer": {"output_value": "Hello world, this is an output parameter\n"}}
    ),
    "valid/critical/two_step_pipeline_containerized": DONE,
    "valid/essential/container_no_input": DONE,
    "valid/essential/pipeline_with_nested_conditions_yaml": DONE,  # heads or tails: any branch
    "valid/essential/placeholder_with_if_placeholder_none_input_value": DONE,
    "valid/gpu-scheduling/nvidia_gpu_scheduling_check": DONE,  # the laptop has no scheduler that could refuse it
    "valid/mounted_cabundle_secret": DONE,
    "valid/run_as_user_cache_enabled": DONE,
    "valid/critical/pipeline_with_env": DONE,
    "valid/critical/missing_kubernetes_optional_inputs": DONE,
}

_NETWORK = "fetches data from the internet"
_IMAGE = "runs a program that only its image has"
_SERVICE = "starts a job of a cloud's that no one here has"

ELSEWHERE: dict[str, str] = {
    "valid/container_io": _IMAGE,
    "valid/container_with_artifact_output": _IMAGE,
    "valid/container_with_concat_placeholder": _IMAGE,
    "valid/container_with_if_placeholder": _IMAGE,
    "valid/containerized_python_component": _IMAGE,
    "valid/essential/embedded_artifact": "was compiled with an unreleased kfp: the one it installs lacks EmbeddedInput",
    "valid/integration/ray_integration_compiled": "needs a Ray cluster",
    "valid/pipeline_with_condition_dynamic_task_output_custom_training_job": _SERVICE,
    "valid/pipeline_with_dynamic_task_output_custom_training_job": _SERVICE,
    "valid/pipeline_with_importer_and_gcpc_types": _NETWORK,
    "valid/pythonic_artifact_with_single_return": _NETWORK,
    "valid/sequential_v2": _NETWORK,
    "valid/xgboost_sample_pipeline": _NETWORK,
    "valid/take_nap_compiled": "sleeps for fifteen minutes",
    "valid/take_nap_pipeline_root_compiled": "sleeps for fifteen minutes",
    "valid/component_with_metadata_fields": "takes artifacts that have to stand somewhere",
    "valid/input_artifact": "takes an artifact that has to stand somewhere",
}
"""Documents that are read, and not run, with the reason."""

RANDOM = {
    "valid/critical/parameter_oneof",
    "valid/essential/pipeline_with_condition",
    "valid/essential/pipeline_with_nested_conditions",
    "valid/if_else_with_oneof_artifacts",
    "valid/parallel_and_nested/pipeline_in_pipeline_complex",
}
"""Documents that flip a coin: how they end is compared, and nothing else."""
