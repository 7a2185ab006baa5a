"""What all models share: strict, frozen, camelCase on the wire; refuses what is not built yet."""

from collections.abc import Iterator
from typing import Any, ClassVar, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from levada.api.unsupported import Location, refusal, unsupported_fields, unsupported_schema

GROUP: Final = "levada.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = "levada.dev/v1alpha1"


class Model(BaseModel):
    """A part of one of our kinds: unknown fields are errors, instances do not change."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        # Docstrings of attributes are what `kubectl explain` prints.
        use_attribute_docstrings=True,
    )

    LOCATION: ClassVar[Location | None] = None
    """Where this model stands in the registry of fields that are not built yet."""

    EXACTLY_ONE: ClassVar[tuple[str, ...]] = ()
    """Fields, by their names on the wire, of which exactly one is given."""

    @classmethod
    def names(cls) -> Iterator[tuple[str, str]]:
        """Each field's name on the wire and in Python."""
        return ((field.alias or name, name) for name, field in cls.model_fields.items())

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_not_built(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Report fields that are not built yet by their own message, beside every other mistake."""
        if cls.LOCATION is None or not isinstance(data, dict):
            return handler(data)
        refused = sorted(unsupported_fields(cls.LOCATION) & data.keys())
        if not refused:
            return handler(data)
        errors: list[InitErrorDetails] = [
            {"type": PydanticCustomError("not_supported_yet", refusal(name)), "loc": (name,), "input": data[name]}
            for name in refused
        ]
        try:
            handler({name: value for name, value in data.items() if name not in refused})
        except ValidationError as error:
            errors += (
                {"type": PydanticCustomError(other["type"], other["msg"]), "loc": other["loc"], "input": other["input"]}
                for other in error.errors(include_url=False)
            )
        raise ValidationError.from_exception_data(cls.__name__, errors)

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [alias for alias, name in self.names() if alias in self.EXACTLY_ONE and getattr(self, name) is not None]
        if self.EXACTLY_ONE and len(given) != 1:
            raise PydanticCustomError(
                "exactly_one",
                "exactly one of {choices} is needed, {given} given",
                {"choices": ", ".join(self.EXACTLY_ONE), "given": " and ".join(given) or "none"},
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Let the API server refuse what is not built yet, with the message of `refusal`."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        if cls.LOCATION is not None:
            properties = schema.setdefault("properties", {})
            for name in sorted(unsupported_fields(cls.LOCATION) - properties.keys()):
                properties[name] = unsupported_schema(cls.LOCATION, name)
        return reference


class Resource(Model):
    """A whole object, as it stands in a file. Its metadata is Kubernetes' own business."""

    api_version: Literal["levada.dev/v1alpha1"] = API_VERSION
    """Always `levada.dev/v1alpha1`."""

    metadata: dict[str, Any] = Field(default_factory=dict)
    """Kubernetes' standard object metadata."""

    status: Any = None
    """Written by the operator; ignored where it stands in a file."""


def one_of(*fields: str) -> ConfigDict:
    """Schema of "exactly one of these fields". In CEL it would be over the cost budget inside 10,000 tasks."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [field]} for field in fields]})
