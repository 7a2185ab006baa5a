"""The documents that the Kubeflow project compiled for its own tests, and the arguments with which each is run here."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("LEVADA_KFP_CORPUS") or REPO.parent / "shared" / "kfp-corpus")
RECORDS = Path(__file__).parent / "records"
DATA = Path(__file__).parent / "data"

ARGUMENTS: dict[str, dict[str, Any]] = {
    "valid/arguments_parameters": {"param2": "a value"},
    "valid/component_with_metadata_fields": {
        "dataset_a": (DATA / "first.txt").as_uri(),
        "dataset_b": (DATA / "second.txt").as_uri(),
    },
    "valid/container_io": {"text": "some text"},
    "valid/container_with_artifact_output": {"num_epochs": 3},
    "valid/container_with_concat_placeholder": {"text1": "first"},
    "valid/containerized_python_component": {"message1": "one", "message2": "two"},
    "valid/essential/concat_message": {"message1": "one", "message2": "two"},
    "valid/essential/lightweight_python_functions_with_outputs": {
        "first_message": "one",
        "second_message": "two",
        "first_number": 3,
        "second_number": 4,
    },
    "valid/identity": {"value": "the same"},
    "valid/input_artifact": {"data": (DATA / "first.txt").as_uri()},
    "valid/pipeline_with_parallelfor_parallelism": {"loop_parameter": ["a", "b"]},
    "valid/pipeline_with_parallelfor_pipeline_param": {"loop_parameter": ["a", "b"], "prefix": "p"},
    "valid/pipeline_with_condition_dynamic_task_output_custom_training_job": {"location": "here", "project": "p"},
    "valid/pipeline_with_dynamic_task_output_custom_training_job": {"location": "here", "project": "p"},
    "valid/pvc_mount": {"pvc_name": "a-claim"},
    "valid/take_nap_compiled": {"naptime_secs": 1},
    "valid/take_nap_pipeline_root_compiled": {"naptime_secs": 1},
    "valid/sequential_v2": {"url": "gs://bucket/object"},
}

SECRETS: dict[str, dict[str, str]] = {
    "valid/critical/pipeline_with_secret_as_env": {
        "USER_NAME": "user1",
        "PASSWORD_VAR1": "psw1",
        "PASSWORD_VAR2": "psw2",
    },
}
"""What a cluster's Secrets would put into tasks' environments."""


@dataclass(frozen=True)
class Document:
    """One document; `name` is its path below the corpus without the ending."""

    name: str
    path: Path
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What its tasks have to find in their environment."""
        return SECRETS.get(self.name, {})

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @property
    def record(self) -> Path:
        """Where the answer of kfp.local is kept."""
        return RECORDS / f"{self.name.replace('/', '.')}.json"


def documents() -> list[Document]:
    """All documents of the corpus; none where there is no corpus."""
    found = sorted(CORPUS.rglob("*.yaml")) if CORPUS.is_dir() else []
    names = {path: path.relative_to(CORPUS).with_suffix("").as_posix() for path in found}
    return [Document(name, path, ARGUMENTS.get(name, {})) for path, name in names.items()]
