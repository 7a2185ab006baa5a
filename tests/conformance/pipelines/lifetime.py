"""How long a finished run stays, in the words of another engine: refused, and not passed over."""

from kfp import dsl


@dsl.component
def say() -> str:
    return "said"


@dsl.pipeline(name="lifetime", pipeline_config=dsl.PipelineConfig(ttl_seconds_after_finished=60))
def pipeline() -> str:
    return say().output


ROWS = ("`resourceTtl*`, semaphores, `podAffinity`, init containers",)
PHASE = "Refused"
SAID = "ttlAfterFinished"
OUTPUTS = {}
TASKS = {}
