"""An exit handler that is told how the pipeline ended, and a task that runs although the one before it failed."""

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus


@dsl.component
def fail() -> str:
    raise SystemExit(3)


@dsl.component
def tell(status: PipelineTaskFinalStatus) -> str:
    return status.state


@dsl.component
def late(text: str = "late") -> str:
    return text


@dsl.pipeline(name="endings")
def pipeline():
    with dsl.ExitHandler(tell()):
        failing = fail()
        late(text=failing.output).ignore_upstream_failure()


ROWS = ("exit handlers", "final status", "ignore_upstream_failure")
PHASE = "Failed"
OUTPUTS = {}
TASKS = {"tell": {"Output": "FAILED"}, "exit-handler-1.late": {"Output": "late"}}
