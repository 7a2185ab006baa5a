"""If, Elif, Else, and the one output of the branch that was taken."""

from kfp import dsl


@dsl.component
def draw() -> int:
    return 7


@dsl.component
def say(text: str) -> str:
    return text


@dsl.pipeline(name="branches")
def pipeline() -> str:
    number = draw()
    with dsl.If(number.output > 10):
        large = say(text="large")
    with dsl.Elif(number.output > 5):
        middle = say(text="middle")
    with dsl.Else():
        small = say(text="small")
    return dsl.OneOf(large.output, middle.output, small.output)


ROWS = ("conditions", "OneOf of parameters")
OUTPUTS = {"Output": "middle"}
TASKS = {}
