"""Lists with unique keys, as the API server knows them: it refuses duplicates, server-side apply merges items."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.alias_generators import to_snake
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Items = TypeVar("Items", bound=Sequence[BaseModel])


@dataclass(frozen=True)
class ListMap:
    """Annotation of a list of models: the field `key` (its name on the wire) differs in all of them."""

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after the items themselves."""
        return core_schema.no_info_after_validator_function(self._refuse_duplicates, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say it to the API server."""
        return {
            **handler(schema),
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": [self.key],
        }

    def _refuse_duplicates(self, items: Items) -> Items:
        attribute = to_snake(self.key)
        seen: Counter[str] = Counter()
        duplicates = []
        for index, item in enumerate(items):
            value = getattr(item, attribute)
            seen[value] += 1
            if seen[value] > 1:
                duplicates.append((index, value))
        if duplicates:
            raise ValidationError.from_exception_data(
                "duplicates",
                [
                    {
                        "type": PydanticCustomError("duplicate", "{value} is used twice", {"value": repr(value)}),
                        "loc": (index, self.key),
                        "input": value,
                    }
                    for index, value in duplicates
                ],
            )
        return items
