"""Tasks in containers: what is asked of podman or docker, and the real podman where it can run."""

import json
import shutil
import subprocess

import pytest

from levada.local.runners import quantity
from local.program import script


def test_a_task_runs_in_its_image_with_its_files_and_limits_and_is_removed(levada, calls):
    container = {
        "image": "registry.example/tool:1",
        "env": {"MINE": "yes"},
        "resources": {"limits": {"memory": "1Gi", "cpu": "500m"}},
    }
    task = script('echo 7 > "$1"', {"outputPath": "n"}, outputs=[{"name": "n", "type": "Integer"}], container=container)
    done = levada.run(levada.write("boxed", {"a": task}), "--runner", "podman")
    assert done.code == 0, done.err
    assert done.tasks["a"]["outputs"] == {"n": 7}
    [run] = [call for call in calls() if call.startswith("run ")]
    folder = levada.home / "runs" / "boxed" / "work" / "a.0"
    for part in (f"--volume {folder}:{folder}", "--memory 1073741824", "--cpus 0.5", "--env MINE", "--env LEVADA_TASK"):
        assert part in run
    assert "registry.example/tool:1" in run
    name = run.partition("--name ")[2].split()[0]
    assert f"rm --force {name}" in calls()
    assert levada("logs", "--local", "boxed", "a").out == "image registry.example/tool:1\n"
    assert "images are not used" not in done.err


def test_a_runner_that_is_not_installed_is_refused(levada):
    levada.env["PATH"] = "/nowhere"
    done = levada.run(levada.write("none", {"a": script("true")}), "--runner", "podman")
    assert done.code == 2
    assert "podman is not installed" in done.err
    assert not (levada.home / "runs").exists()


@pytest.mark.parametrize(("text", "value"), [("1Gi", 2**30), ("1500M", 1_500_000_000), ("2", 2), ("1k", 1000)])
def test_quantities_of_memory(text, value):
    assert quantity(text) == value


def test_real_podman(levada, tmp_path):
    if shutil.which("podman") is None:
        pytest.skip("left out, real containers: podman is not installed")
    rootfs = tmp_path / "empty.tar"
    subprocess.run(["tar", "-cf", rootfs, "-C", "/", "bin", "lib", "lib64", "usr/bin", "usr/lib"], check=False)
    imported = subprocess.run(
        ["podman", "import", rootfs, "levada-test:local"], capture_output=True, text=True, check=False
    )
    tried = subprocess.run(
        ["podman", "run", "--rm", "levada-test:local", "true"], capture_output=True, text=True, check=False
    )
    if imported.returncode or tried.returncode:
        pytest.skip(f"left out, real containers: podman cannot run here: {(imported.stderr + tried.stderr)[-200:]}")
    task = script('echo 7 > "$1"', {"outputPath": "n"}, outputs=[{"name": "n", "type": "Integer"}],
                  container={"image": "levada-test:local"})  # fmt: skip
    done = levada.run(levada.write("boxed", {"a": task}), "--runner", "podman")
    assert done.code == 0, json.dumps(done.record)
    assert done.tasks["a"]["outputs"] == {"n": 7}
