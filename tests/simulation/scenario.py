"""What one history is about: pipelines, what their tasks do, and what goes wrong when. Kept as JSON."""

from __future__ import annotations

import json
from random import Random

import msgspec

ANSWER_FAULTS = ("crash before", "crash after", "503", "429", "500", "not sent", "no answer")
STOP_BEFORE = "stop before"
REQUEST_FAULTS = (*ANSWER_FAULTS, STOP_BEFORE)
TIMED_FAULTS = (
    "delete pod", "force delete", "evict", "lose node", "unlabel", "delete ended pod", "break agent", "lose outputs",
    "disown", "annotate", "let go", "hold", "forge pod", "edit run", "cut watch", "lose watch", "store away", "quota",
    "delete run", "orphan run", "replace run", "stay away", "vanish",
)  # fmt: skip
PAIR_FAULTS = (STOP_BEFORE, "kill replica", "stop replica", "cut replica")
"""What only befalls one of two replicas; the first at a request that has passed the fence."""
OUTPUTS = ("number", "pair", "bulky", "list")
ITEMS = [3, 1]
"""What a task of the kind "list" makes, and another may loop over."""


class Task(msgspec.Struct):
    """One task: what it waits for, what its container does; with `over` once for each item of that task's list.

    The first `flaws` attempts fail, and it has as many retries.
    """

    name: str
    needs: list[str] = []
    after: list[str] = []
    kind: str = "number"
    exit: int | str = 0
    seconds: float = 1.0
    over: str = ""
    flaws: int = 0

    def attempts(self) -> list[str]:
        """The paths of what runs for it."""
        return [f"{self.name}[{index}]" for index in range(len(ITEMS))] if self.over else [self.name]


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
    replicas: int = 1


def random_scenario(seed: int) -> Scenario:
    random = Random(seed)
    runs = {f"run-{number}": _tasks(random) for number in range(1 if random.random() < 0.8 else 2)}
    faults = []
    for _ in range(random.choice((0, 1, 1, 2, 2, 3, 4))):
        if random.random() < 0.5:
            faults.append(Fault(random.choice(ANSWER_FAULTS), random.randint(1, 45)))
        else:
            at = round(random.uniform(0.0, 25.0), 2)
            faults.append(Fault(random.choice(TIMED_FAULTS), at, random.randint(0, 9)))
    kinds = {fault.kind for fault in faults}
    if "unlabel" in kinds:  # a Pod without label and owner is nobody's: who takes off both must delete it
        faults = [fault for fault in faults if fault.kind not in ("orphan run", "disown")]
    if seed % 4:
        return Scenario(seed, runs, faults)
    for _ in range(random.choice((1, 1, 2))):
        kind = random.choice(PAIR_FAULTS)
        at = random.randint(1, 45) if kind in REQUEST_FAULTS else round(random.uniform(0.0, 30.0), 2)
        faults.append(Fault(kind, at, random.randint(0, 9)))
    backwards = random.random() < 0.5  # who looks at Pods in the order of their names sees loops before their items
    runs = {run: [_renamed(task, len(tasks)) for task in tasks] if backwards else tasks for run, tasks in runs.items()}
    return Scenario(seed, runs, faults, replicas=2)


def _renamed(task: Task, count: int) -> Task:
    """The same task with names that count backwards."""

    def new(name: str) -> str:
        return f"t{count - 1 - int(name[1:])}" if name else ""

    needs, after = ([new(name) for name in names] for names in (task.needs, task.after))
    return msgspec.structs.replace(task, name=new(task.name), needs=needs, after=after, over=new(task.over))


def _tasks(random: Random) -> list[Task]:
    tasks: list[Task] = []
    for number in range(random.choice((1, 1, 2, 2, 3, 4))):
        earlier = [task.name for task in tasks]
        task = Task(f"t{number}", kind=random.choice(OUTPUTS), seconds=round(random.uniform(0.05, 8.0), 2))
        task.needs = random.sample(earlier, min(len(earlier), random.choice((0, 1, 1, 2))))
        task.after = random.sample(earlier, min(len(earlier), random.choice((0, 0, 1))))
        task.exit = random.choice((0, 0, 0, 0, 1, "oom"))
        lists = [other.name for other in tasks if other.kind == "list" and not other.over]
        task.over = random.choice([*lists, ""])
        tasks.append(task)
    return tasks


def outputs_of(task: Task) -> dict[str, str]:
    """The texts that the task's container leaves."""
    outputs = {"n": str(7 + int(task.name[1:]))}
    if task.kind == "list":
        outputs["l"] = json.dumps(ITEMS)
    elif task.kind != "number":
        outputs["s"] = "x" * (2500 if task.kind == "bulky" else 5)
    return outputs


def run_spec(tasks: list[Task]) -> dict:
    loops = {task.name for task in tasks if task.over}
    specs = [_task_spec(task, loops) for task in tasks]
    return {"pipelineSpec": {"tasks": specs, "outputs": {"result": _binding(tasks[-1].name, loops)}}}


def _binding(task: str, loops: set[str]) -> dict:
    made = {"task": task, "output": "n"}
    return {"collect": made} if task in loops else made


def _task_spec(task: Task, loops: set[str]) -> dict:
    outputs = [{"name": "n", "type": "Integer"}]
    outputs += {"number": [], "list": [{"name": "l", "type": "List"}]}.get(task.kind, [{"name": "s", "type": "String"}])
    command = [
        "work",
        *({"inputValue": need} for need in task.needs),
        *({"outputPath": item["name"]} for item in outputs),
    ]
    inputs = [{"name": need, "type": "List" if need in loops else "Integer"} for need in task.needs]
    container = {"image": "image", "command": command}
    spec: dict = {"name": task.name}
    spec["componentSpec"] = {"inputs": inputs, "outputs": outputs, "implementation": {"container": container}}
    spec |= {"inputs": {need: _binding(need, loops) for need in task.needs}} if task.needs else {}
    spec |= {"forEach": {"items": {"task": task.over, "output": "l"}}} if task.over else {}
    spec |= {"retry": {"limit": task.flaws, "backoff": {"initial": "1s"}}} if task.flaws else {}
    return spec | ({"after": task.after} if task.after else {})


def expected_end(tasks: list[Task]) -> dict:
    """How the run ends, by another way of thinking than the planner's: from the end of each task to its users'."""
    phases: dict[str, str] = {}
    for task in tasks:
        upstream = all(phases[need] == "Succeeded" for need in [*task.needs, *([task.over] if task.over else [])])
        phases[task.name] = "Skipped" if not upstream else "Failed" if task.exit else "Succeeded"
    shown: dict[str, list] = {}
    for task in tasks:
        phase = phases[task.name]
        values = {name: text if name == "s" else json.loads(text) for name, text in outputs_of(task).items()}
        if task.over:
            shown[task.name] = [phase, {}]
        for path in task.attempts() if phase != "Skipped" or not task.over else ():
            shown[path] = [phase, values if phase == "Succeeded" else {}]
    last = tasks[-1]
    made = int(outputs_of(last)["n"])
    result = [made] * len(ITEMS) if last.over else made
    outputs = {"result": result} if phases[last.name] == "Succeeded" else {}
    return {"phase": "Failed" if "Failed" in phases.values() else "Succeeded", "tasks": shown, "outputs": outputs}
