"""What tasks may refer to by name; each is read and checked once, however many refer to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from levada.api.graph_spec import PipelineSpec
from levada.api.limits import MOST_TASKS
from levada.frontend.component import load_component
from levada.frontend.mistakes import Mistakes, Path
from levada.frontend.pod_template import Allowed
from levada.frontend.schema import check_schema
from levada.frontend.shape import mapping, without_nulls
from levada.graph.model import Approval, Component, Graph

Body = Component | Graph | Approval

UNKNOWN = Component(inputs={}, outputs={}, image="")
"""Stands for what cannot be found: its task's bindings are not checked against it."""


@dataclass
class Catalogue:
    """The Components and Pipelines that a definition may refer to.

    Attributes
    ----------
    pipelines, components
        Their specs, by name.
    allowed
        ServiceAccounts and Secrets that Pod templates may name; None for every one.
    mistakes
        Takes what is wrong with them.
    tasks
        How many have been read so far, nested ones included and each loop counted once.
    """

    pipelines: Mapping[str, Any]
    components: Mapping[str, Any]
    allowed: Allowed | None
    mistakes: Mistakes
    tasks: int = field(default=0, init=False)
    _components: dict[str, Component] = field(default_factory=dict, init=False)
    _pipelines: dict[str, Mapping[str, Any]] = field(default_factory=dict, init=False)

    def component(self, name: str, place: Path) -> Component:
        """The Component `name`, to which `place` refers."""
        if name not in self.components:
            self.mistakes.add_unknown(place, "Component", name, self.components)
            return UNKNOWN
        if name not in self._components:
            at = Path(("spec",), f"Component/{name}")
            self._components[name] = load_component(without_nulls(self.components[name], at), at, self.mistakes)
        return self._components[name]

    def pipeline(self, name: str, place: Path) -> tuple[Mapping[str, Any], Path] | None:
        """The spec of the Pipeline `name`, to which `place` refers, and where it stands."""
        if name not in self.pipelines:
            self.mistakes.add_unknown(place, "Pipeline", name, self.pipelines)
            return None
        at = Path(("spec",), f"Pipeline/{name}")
        if name not in self._pipelines:
            spec = without_nulls(self.pipelines[name], at)
            check_schema(PipelineSpec, spec, at, self.mistakes)
            self._pipelines[name] = mapping(spec)
        return self._pipelines[name], at

    def count(self, tasks: int, place: Path) -> None:
        """So many tasks more are about to be read; `place` is the pipeline that has them.

        Raises
        ------
        InvalidSpecError
            With all mistakes so far and this one: there are too many, and reading on would take for ever.
        """
        self.tasks += tasks
        if self.tasks > MOST_TASKS:
            self.mistakes.add(place, f"with all that is nested there are more than {MOST_TASKS:,} tasks; split it")
            self.mistakes.raise_if_any()
