"""The names that bindings may use, and what they stand for."""

from collections.abc import Mapping
from dataclasses import dataclass

from levada.frontend.each import Each
from levada.frontend.mistakes import Mistakes, Path
from levada.graph.model import Input, Output


@dataclass(frozen=True, slots=True)
class Offer:
    """What a task gives to others.

    Attributes
    ----------
    outputs
        Its outputs by name, None for one whose type is not known; None where it is not known what the task runs.
    is_loop
        Whether it has them once for each iteration.
    length
        How many iterations there are, where that is written.
    is_gate
        Whether it is an approval.
    """

    outputs: Mapping[str, Output | None] | None
    is_loop: bool = False
    length: int | None = None
    is_gate: bool = False

    def made(self, output: str) -> Output | None:
        """That output, as far as it is known."""
        return self.outputs.get(output) if self.outputs else None


@dataclass(frozen=True, slots=True)
class Names:
    """Of a pipeline: its parameters and tasks."""

    parameters: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()


NO_NAMES = Names()


@dataclass(frozen=True, slots=True)
class Scope:
    """What the bindings of a task, or of a pipeline's outputs, may use.

    Attributes
    ----------
    parameters, tasks
        By name.
    mistakes
        Takes what is wrong.
    later
        The `finally` tasks, where they cannot be used.
    is_final
        Whether this is for `finally`, where it is known how the rest ended.
    each
        The item of the task's `forEach`.
    around
        The names of the pipeline that this one is written in: they cannot be used.
    """

    parameters: Mapping[str, Input]
    tasks: Mapping[str, Offer]
    mistakes: Mistakes
    later: frozenset[str] = frozenset()
    is_final: bool = False
    each: Each | None = None
    around: Names = NO_NAMES

    def parameter(self, name: str, path: Path) -> Input | None:
        """The parameter that `path` names; None, and noted, where there is none."""
        if name in self.parameters:
            return self.parameters[name]
        if name in self.around.parameters:
            self._note_leak("parameter", name, path)
        else:
            self.mistakes.add_unknown(path, "parameter", name, self.parameters)
        return None

    def task(self, name: str, path: Path) -> Offer | None:
        """The task that `path` names; None, and noted, where there is none."""
        if name in self.tasks:
            return self.tasks[name]
        if name in self.later:
            self.mistakes.add(path, f"{name!r} is a finally task: it runs when all others have ended")
        elif name in self.around.tasks:
            self._note_leak("task", name, path)
        else:
            self.mistakes.add_unknown(path, "task", name, self.tasks)
        return None

    def _note_leak(self, what: str, name: str, path: Path) -> None:
        self.mistakes.add(
            path,
            f"the {what} {name!r} of the pipeline around is not seen in a nested one: "
            "declare a parameter here and give it by the task's inputs",
        )
