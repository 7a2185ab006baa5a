"""The feature table of `docs/kfp.md`, made from the tests: `python -m conformance.table` writes it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.expected import ELSEWHERE, NOT_IN_A_CLUSTER
from pages import REPO, with_part

PAGE = REPO / "docs" / "kfp.md"
_PIPELINES = Path(__file__).parent / "pipelines"
_UNIT = "tests/unit/frontend/kfp"

PLATFORM = {
    "Secrets and ConfigMaps as variables and volumes": (
        "as a `podTemplate`; Secrets from the chart's list",
        "platform",
    ),
    "claims mounted (`pvcMount`)": ("a volume of the Pod", "platform"),
    "claims made and removed": (
        "by the operator, without a Pod; only claims that a run has made are removed",
        "claims",
    ),
    "names from inputs and other tasks": ("known when the task is bound, and checked then", "platform"),
    "node selectors, tolerations, node affinity": ("as a `podTemplate`", "platform"),
    "Pod metadata, pull secrets and policy, field paths, scratch volumes, security context": (
        "as a `podTemplate`",
        "platform",
    ),
    "deadlines of tasks and of the run": ("`timeout`", "platform"),
    "`resourceTtl*`, semaphores, `podAffinity`, init containers": ("refused, with the way around", "platform"),
    "`parameterExpressionSelector`": ('`parseJson(string_value)["key"]`; any other is refused', "graphs"),
    "caching keys": ("work of one component and key is the same", "graphs"),
    "images, resources and accelerators from inputs": ("filled in when the task starts", "graphs"),
}
"""How, and the file of tests, for what pipelines of `pipelines/` show no more of on a laptop than that it is read."""


def table() -> str:
    """The rows in alphabetical order."""
    rows: dict[str, list[str]] = {}
    for name, features in rows_of_pipelines():
        for feature in features:
            rows.setdefault(feature, []).append(name)
    tested = {row: ", ".join(f"`{name}`" for name in names) for row, names in rows.items()}
    lines = ["| feature | supported | tested by |", "|---|---|---|"]
    lines += [f"| {row} | yes | {tested[row]} |" for row in sorted(set(rows) - set(PLATFORM), key=str.lower)]
    lines += ["", "| platform and the rest | how | tested by |", "|---|---|---|"]
    for row, (how, file) in PLATFORM.items():
        files = f"`{_UNIT}/test_{file}.py`"
        lines.append(f"| {row} | {how} | {f'{tested[row]}, {files}' if row in tested else files} |")
    lines += [
        "",
        "Of Kubeflow's own documents these are read, and not run on a laptop:",
        "",
        "| document | why |",
        "|---|---|",
    ]
    lines += [f"| `{name.removeprefix('valid/')}` | {why} |" for name, why in sorted(ELSEWHERE.items())]
    only_here = sorted(set(NOT_IN_A_CLUSTER) - set(ELSEWHERE))
    lines += ["", "and these on a laptop only:", "", "| document | why |", "|---|---|"]
    lines += [f"| `{name.removeprefix('valid/')}` | {NOT_IN_A_CLUSTER[name]} |" for name in only_here]
    return "\n".join(lines)


def page() -> str:
    """The page with the table of today."""
    return with_part(PAGE, "table", table())


def rows_of_pipelines() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each pipeline with what it tests. Their sources are read, not run: they need the SDK."""
    for source in sorted(_PIPELINES.glob("*.py")):
        said = dict(_assigned(source))
        if "EXPECTED" in said:
            yield from ((name, rows) for name, (rows, _) in said["EXPECTED"].items())
        else:
            yield source.stem, said["ROWS"]


def _assigned(source: Path) -> Iterator[tuple[str, Any]]:
    for statement in ast.parse(source.read_text()).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.Assign) and isinstance(target, ast.Name) and target.id in ("ROWS", "EXPECTED"):
            yield target.id, ast.literal_eval(statement.value)


if __name__ == "__main__":
    PAGE.write_text(page())
