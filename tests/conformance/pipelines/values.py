"""Values of every type, defaults, constants, texts made of values, and what tasks hand on."""

from kfp import dsl


@dsl.component
def kinds(text: str, whole: int, part: float, flag: bool, items: list, fields: dict) -> str:
    import json

    return json.dumps([text, whole, part, flag, items, fields], sort_keys=True)


@dsl.component
def add(a: int, b: int) -> int:
    return a + b


@dsl.component
def echo(text: str) -> str:
    return text


@dsl.component
def maybe(text: str = "default", absent: str = None) -> str:
    return f"{text}/{absent}"


@dsl.pipeline(name="values")
def pipeline(text: str = 'a "b"', whole: int = 3, items: list = [1, {"a": 2.5}]) -> str:
    three = add(a=1, b=2)
    six = add(a=three.output, b=whole)
    maybe()
    echo(text=f"sum {six.output} of {text}")
    return kinds(text=text, whole=six.output, part=0.5, flag=True, items=items, fields={"k": "v", "n": 1}).output


ROWS = (
    "parameters",
    "defaults",
    "constants",
    "task outputs",
    "texts with values",
    "optional inputs",
    "pipeline outputs",
)
OUTPUTS = {"Output": '["a \\"b\\"", 6, 0.5, true, [1, {"a": 2.5}], {"k": "v", "n": 1}]'}
TASKS = {
    "add": {"Output": 3},
    "add-2": {"Output": 6},
    "echo": {"Output": 'sum 6 of a "b"'},
    "maybe": {"Output": "default/None"},
}
