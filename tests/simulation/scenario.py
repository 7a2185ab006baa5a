"""What one history is about: pipelines, what their tasks do, and what goes wrong when. Kept as JSON."""

from __future__ import annotations

from random import Random

import msgspec

REQUEST_FAULTS = ("crash before", "crash after", "503", "429", "500", "not sent", "no answer")
TIMED_FAULTS = (
    "delete pod", "force delete", "evict", "lose node", "unlabel", "delete ended pod", "break agent", "lose outputs",
    "forge pod", "edit run", "cut watch", "lose watch", "store away", "quota", "delete run", "orphan run",
    "replace run", "stay away",
)  # fmt: skip
OUTPUTS = ("number", "pair", "bulky")


class Task(msgspec.Struct):
    """One task: what it waits for, what its container does."""

    name: str
    needs: list[str] = []
    after: list[str] = []
    kind: str = "number"
    exit: int | str = 0
    seconds: float = 1.0


class Fault(msgspec.Struct):
    """`at` is the number of a request, or a time in seconds; `index` chooses what is hit."""

    kind: str
    at: float
    index: int = 0


class Scenario(msgspec.Struct):
    """Everything that a history depends on; `seed` decides delays."""

    seed: int
    runs: dict[str, list[Task]]
    faults: list[Fault] = []


def random_scenario(seed: int) -> Scenario:
    random = Random(seed)
    runs = {f"run-{number}": _tasks(random) for number in range(1 if random.random() < 0.8 else 2)}
    faults = []
    for _ in range(random.choice((0, 1, 1, 2, 2, 3, 4))):
        if random.random() < 0.5:
            faults.append(Fault(random.choice(REQUEST_FAULTS), random.randint(1, 45)))
        else:
            at = round(random.uniform(0.0, 25.0), 2)
            faults.append(Fault(random.choice(TIMED_FAULTS), at, random.randint(0, 9)))
    kinds = {fault.kind for fault in faults}
    if "unlabel" in kinds:  # a Pod without label and owner is nobody's: who takes off both must delete it
        faults = [fault for fault in faults if fault.kind not in ("orphan run", "delete run", "replace run")]
    return Scenario(seed, runs, faults)


def _tasks(random: Random) -> list[Task]:
    tasks: list[Task] = []
    for number in range(random.choice((1, 1, 2, 2, 3, 4))):
        earlier = [task.name for task in tasks]
        task = Task(f"t{number}", kind=random.choice(OUTPUTS), seconds=round(random.uniform(0.05, 8.0), 2))
        task.needs = random.sample(earlier, min(len(earlier), random.choice((0, 1, 1, 2))))
        task.after = random.sample(earlier, min(len(earlier), random.choice((0, 0, 1))))
        task.exit = random.choice((0, 0, 0, 0, 1, "oom"))
        tasks.append(task)
    return tasks


def outputs_of(task: Task) -> dict[str, str]:
    """The texts that the task's container leaves."""
    outputs = {"n": str(7 + int(task.name[1:]))}
    if task.kind != "number":
        outputs["s"] = "x" * (2500 if task.kind == "bulky" else 5)
    return outputs


def run_spec(tasks: list[Task]) -> dict:
    return {"pipelineSpec": {"tasks": [_task_spec(task) for task in tasks], "outputs": _run_outputs(tasks)}}


def _run_outputs(tasks: list[Task]) -> dict:
    return {"result": {"task": tasks[-1].name, "output": "n"}}


def _task_spec(task: Task) -> dict:
    outputs = [{"name": "n", "type": "Integer"}]
    outputs += [{"name": "s", "type": "String"}] if task.kind != "number" else []
    command = [
        "work",
        *({"inputValue": need} for need in task.needs),
        *({"outputPath": item["name"]} for item in outputs),
    ]
    inputs = [{"name": need, "type": "Integer"} for need in task.needs]
    container = {"image": "image", "command": command}
    spec: dict = {"name": task.name}
    spec["componentSpec"] = {"inputs": inputs, "outputs": outputs, "implementation": {"container": container}}
    spec |= {"inputs": {need: {"task": need, "output": "n"} for need in task.needs}} if task.needs else {}
    return spec | ({"after": task.after} if task.after else {})


def expected_end(tasks: list[Task]) -> dict:
    """How the run ends, by another way of thinking than the planner's: from the end of each task to its users'."""
    phases: dict[str, str] = {}
    for task in tasks:
        upstream = all(phases[need] == "Succeeded" for need in task.needs)
        phases[task.name] = "Skipped" if not upstream else "Failed" if task.exit else "Succeeded"
    values = {task.name: {**outputs_of(task), "n": int(outputs_of(task)["n"])} for task in tasks}
    shown = {name: [phase, values[name] if phase == "Succeeded" else {}] for name, phase in phases.items()}
    last = tasks[-1].name
    outputs = {"result": values[last]["n"]} if phases[last] == "Succeeded" else {}
    return {"phase": "Failed" if "Failed" in phases.values() else "Succeeded", "tasks": shown, "outputs": outputs}
