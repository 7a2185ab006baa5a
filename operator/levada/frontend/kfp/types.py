"""How Kubeflow calls the types of values and artifacts, and what they are here."""

from levada.frontend.kfp import ir
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import ABSENT, Datum, Input, Output
from levada.graph.types import (
    ANY_ARTIFACT,
    BOOLEAN,
    DICT,
    FLOAT,
    INTEGER,
    LIST,
    STRING,
    ValueMismatchError,
    as_text,
    check_value,
    natural_type,
)

PARAMETERS = {
    "STRING": STRING,
    "NUMBER_INTEGER": INTEGER,
    "NUMBER_DOUBLE": FLOAT,
    "BOOLEAN": BOOLEAN,
    "LIST": LIST,
    "STRUCT": DICT,
    "TASK_FINAL_STATUS": DICT,
    "TASK_CONFIG": DICT,
}
_OLD = {"INT": "NUMBER_INTEGER", "DOUBLE": "NUMBER_DOUBLE", "STRING": "STRING"}
_OURS = "system."


def artifact_type_of(schema: ir.ArtifactType) -> str:
    """`Dataset` for `system.Dataset`; every other title as it is."""
    return schema.schema_title.removeprefix(_OURS) or schema.schema_uri or ANY_ARTIFACT


def read_inputs(declared: ir.Inputs, place: Path, mistakes: Mistakes) -> dict[str, Input]:
    """The inputs of a component."""
    found: dict[str, Input] = {}
    for name, parameter in declared.parameters.items():
        at = place / "parameters" / name
        type_ = _parameter_type(parameter, at, mistakes)
        default = _default(type_, parameter, at, mistakes)
        # A STRING takes anything, as text.
        found[name] = Input(
            name, type_, is_parameter=True, is_optional=parameter.is_optional, default=default, declared=type_ != STRING
        )
    for name, artifact in declared.artifacts.items():
        type_ = artifact_type_of(artifact.artifact_type)
        type_ = f"List[{type_}]" if artifact.is_artifact_list else type_
        found[name] = Input(name, type_, is_parameter=False, is_optional=artifact.is_optional)
    return found


def read_outputs(declared: ir.Outputs, place: Path, mistakes: Mistakes) -> dict[str, Output]:
    """The outputs of a component."""
    found: dict[str, Output] = {}
    for name, parameter in declared.parameters.items():
        type_ = _parameter_type(parameter, place / "parameters" / name, mistakes)
        found[name] = Output(name, type_, is_parameter=True)
    for name, artifact in declared.artifacts.items():
        type_ = artifact_type_of(artifact.artifact_type)
        found[name] = Output(name, f"List[{type_}]" if artifact.is_artifact_list else type_, is_parameter=False)
    return found


def _parameter_type(parameter: ir.InputParameter | ir.OutputParameter, place: Path, mistakes: Mistakes) -> str:
    written = parameter.parameter_type or _OLD.get(parameter.type, parameter.type) or "STRING"
    if written not in PARAMETERS:
        mistakes.add_unknown(place / "parameterType", "parameter type", written, PARAMETERS)
    return PARAMETERS.get(written, STRING)


def _default(type_: str, parameter: ir.InputParameter, place: Path, mistakes: Mistakes) -> Datum:
    value = parameter.default_value
    if value is None:
        return ABSENT
    try:
        checked = check_value(natural_type(value) if type_ == STRING else type_, value)
    except ValueMismatchError as error:
        mistakes.add(place / "defaultValue", str(error))
        return ABSENT
    return as_text(checked) if type_ == STRING else checked
