"""A folder that the tasks of a run share."""

from kfp import dsl


@dsl.component
def write(folder: str) -> str:
    import pathlib

    place = pathlib.Path(folder, "deep", "note.txt")
    place.parent.mkdir()
    place.write_text("shared")
    return str(place)


@dsl.component
def read(path: str) -> str:
    import pathlib

    return pathlib.Path(path).read_text()


@dsl.component
def alone() -> str:
    return "without it"


@dsl.pipeline(
    name="workspace",
    pipeline_config=dsl.PipelineConfig(
        workspace=dsl.WorkspaceConfig(
            size="1Mi", kubernetes=dsl.KubernetesWorkspaceConfig(pvcSpecPatch={"accessModes": ["ReadWriteOnce"]})
        )
    ),
)
def pipeline() -> str:
    alone()
    return read(path=write(folder=dsl.WORKSPACE_PATH_PLACEHOLDER).output).output


ROWS = ("workspace",)
OUTPUTS = {"Output": "shared"}
TASKS = {"alone": {"Output": "without it"}}
