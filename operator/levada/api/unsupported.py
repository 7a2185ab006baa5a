"""Fields of the design that are not built yet.

One registry serves three readers: the models refuse these fields, the generated schemas carry a rule that refuses them
(so that the API server neither prunes nor ignores them), and the frontend names them when it reads nested specs.
Building a feature means: delete its row here, add the field to its model.
"""

from typing import Any, Final, Literal

Location = Literal["run", "pipeline", "task", "binding", "component", "implementation", "container"]
JsonType = Literal["string", "object", "array", "boolean", "integer"]

# The JSON type of each field in the design: a rule needs a typed field, the API server compiles none for untyped ones.
NOT_BUILT: Final[dict[Location, dict[str, JsonType]]] = {
    "run": {
        "nodeLossTimeout": "string",
    },
    "pipeline": {},
    "task": {
        "resource": "object",
    },
    "binding": {},
    "component": {},
    # Of Kubeflow's older component files; `levada component import` says what to write instead.
    "implementation": {"graph": "object"},
    "container": {"fileOutputs": "object"},
}


def unsupported_fields(location: Location) -> frozenset[str]:
    """The names of the fields that the design has at `location` and this version refuses."""
    return frozenset(NOT_BUILT[location])


def refusal(field: str) -> str:
    """What a person reads who uses `field`: the same words from the API server, the operator and `levada validate`."""
    return f"{field} is not supported yet"


def unsupported_schema(location: Location, field: str) -> dict[str, Any]:
    """The schema of a field that is refused.

    The field is in the schema, so it is not pruned and strict validation does not call it unknown; the rule on it runs
    only where the field is used, so it costs nothing at 10,000 tasks. (`not: {required: [...]}` would do too, but its
    message is "must not validate the schema (not)"; and the API server runs no rule on a field without a type.)
    """
    kind = NOT_BUILT[location][field]
    schema: dict[str, Any] = {
        "type": kind,
        "description": "Not supported yet.",
        "x-kubernetes-validations": [{"rule": "false", "message": refusal(field)}],
    }
    if kind == "object":
        schema["x-kubernetes-preserve-unknown-fields"] = True
    if kind == "array":
        schema["items"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return schema
