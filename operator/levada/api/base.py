"""What all models share: strict, frozen, camelCase on the wire; refuses what is not built yet."""

from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.alias_generators import to_camel, to_snake
from pydantic_core import InitErrorDetails, PydanticCustomError

from levada.api.unsupported import Location, refusal, unsupported_fields

GROUP = "levada.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"


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

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_not_built(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Report fields that are not built yet by their own message, beside every other mistake."""
        if cls.LOCATION is None or not isinstance(data, dict):
            return handler(data)
        declared = {field.alias or name for name, field in cls.model_fields.items()}
        present = unsupported_fields(cls.LOCATION) & data.keys()
        # A declared switch (suspend, cancel) may stand there switched off.
        refused = sorted(name for name in present if name not in declared or data[name] is True)
        if not refused:
            return handler(data)
        errors: list[InitErrorDetails] = [
            {"type": PydanticCustomError("not_supported_yet", refusal(name)), "loc": (name,), "input": data[name]}  # type: ignore[arg-type]  # a literal template is only wanted for translation
            for name in refused
        ]
        try:
            handler({name: value for name, value in data.items() if name not in refused})
        except ValidationError as error:
            errors += [_again(detail) for detail in error.errors(include_url=False)]
        raise ValidationError.from_exception_data(cls.__name__, errors)


class Resource(Model):
    """A whole object, as it stands in a file. Its metadata is Kubernetes' own business."""

    api_version: Literal["levada.dev/v1alpha1"] = "levada.dev/v1alpha1"
    """Always `levada.dev/v1alpha1`."""

    metadata: dict[str, Any] = Field(default_factory=dict)
    """Kubernetes' standard object metadata."""

    status: Any = None
    """Written by the operator; ignored where it stands in a file."""


def one_of_two(model: Model, first: str, second: str) -> None:
    """Require exactly one of two optional fields, given by their names on the wire."""
    given = [alias for alias in (first, second) if getattr(model, to_snake(alias)) is not None]
    if len(given) != 1:
        raise PydanticCustomError(
            "exactly_one",
            "exactly one of {first} and {second} is needed, {given} given",
            {"first": first, "second": second, "given": "both" if given else "none"},
        )


def _again(detail: Any) -> InitErrorDetails:
    """A reported error in the form in which pydantic takes errors: with its final text, whatever kind it was."""
    message = detail["msg"].replace("{", "{{").replace("}", "}}")
    return {
        "type": PydanticCustomError(detail["type"], message),
        "loc": detail["loc"],
        "input": detail["input"],
    }
