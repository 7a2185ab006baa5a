"""Five steps in a row, with files and values between them; `make bench-kubeflow` times them."""

from kfp import dsl


@dsl.component
def make(rows: int, data: dsl.Output[dsl.Dataset]):
    with open(data.path, "w") as file:
        file.write("\n".join(str(number) for number in range(rows)))


@dsl.component
def double(data: dsl.Input[dsl.Dataset], doubled: dsl.Output[dsl.Dataset]):
    with open(data.path) as source, open(doubled.path, "w") as target:
        target.write("\n".join(str(2 * int(line)) for line in source))


@dsl.component
def total(data: dsl.Input[dsl.Dataset]) -> int:
    with open(data.path) as file:
        return sum(map(int, file))


@dsl.component
def half(number: int) -> int:
    return number // 2


@dsl.component
def say(number: int) -> str:
    return f"the sum is {number}"


@dsl.pipeline(name="five-steps")
def pipeline(rows: int = 101) -> str:
    made = make(rows=rows).set_caching_options(False)
    doubled = double(data=made.output).set_caching_options(False)
    summed = total(data=doubled.output).set_caching_options(False)
    halved = half(number=summed.output).set_caching_options(False)
    return say(number=halved.output).set_caching_options(False).output


ROWS = ("files and values from task to task",)
OUTPUTS = {"Output": "the sum is 5050"}
TASKS = {"total": {"Output": 10100}, "half": {"Output": 5050}}
