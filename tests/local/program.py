"""The real program, run as a process of its own in a folder of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("levada"))
PATIENCE = 120
"""Seconds; far more than anything takes, also on a machine that has much else to do."""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def record(self):
        """The JSON document on stdout."""
        return json.loads(self.out)

    @property
    def tasks(self):
        return {task["path"]: task for task in self.record["tasks"]}


@dataclass
class Levada:
    """Runs `levada` in `folder`; nothing of this machine's configuration is seen."""

    folder: Path
    env: dict
    started: list = field(default_factory=list)

    def start(self, *args, **options):
        """The program, running."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        process = subprocess.Popen([PROGRAM, *map(str, args)], cwd=self.folder, env=self.env, **options)
        self.started.append(process)
        return process

    def __call__(self, *args):
        return self.end(self.start(*args, stdin=subprocess.DEVNULL))

    def end(self, process):
        """What it did, once it has ended."""
        out, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err, err
        return Ended(process.returncode, out, err)

    def run(self, *args):
        """`levada run --local`; its record is on stdout."""
        return self("run", "--local", "-o", "json", *args)

    def write(self, name, tasks, **spec):
        """A run in a file `<name>.yaml`; `tasks` are task specs by name."""
        pipeline = {"tasks": [{"name": task, **body} for task, body in tasks.items()]}
        pipeline |= {key: spec.pop(key) for key in ("outputs", "parameters") if key in spec}
        document = {
            "apiVersion": "levada.dev/v1alpha1",
            "kind": "PipelineRun",
            "metadata": {"name": name},
            "spec": {"pipelineSpec": pipeline, **spec},
        }
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps(document))
        return path

    def set_parameters(self, path, values):
        """Give a run of `write` its parameters."""
        document = json.loads(path.read_text())
        document["spec"]["parameters"] = values
        path.write_text(json.dumps(document))

    @property
    def home(self):
        return self.folder / ".levada"

    def journal(self, name):
        """The whole lines of a run's journal."""
        path = self.home / "runs" / name / "journal"
        return path.read_bytes().splitlines() if path.exists() else []

    def kill_all(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.communicate()


def script(text, *arguments, inputs=(), outputs=(), bind=None, **more):
    """A task that runs `text` with sh; `$1` and so on are `arguments`, `bind` says where its inputs come from."""
    container = {"image": "none", "command": ["sh", "-ec", text, "sh"], "args": list(arguments)}
    container |= more.pop("container", {})
    component = {"implementation": {"container": container}, "inputs": list(inputs), "outputs": list(outputs)}
    return {"componentSpec": component, **({"inputs": bind} if bind else {}), **more}


def until(predicate, what):
    """Wait for something, generously."""
    deadline = time.monotonic() + PATIENCE
    while not (found := predicate()):
        assert time.monotonic() < deadline, f"it did not come to this: {what}"
        time.sleep(0.01)
    return found


def alive(pid):
    """Whether a process is there and no zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    return False


def marked(mark):
    """Pids of the processes with `mark` among their arguments or in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark.encode() in (entry / "environ").read_bytes() and alive(entry.name):
                    found.append(int(entry.name))
    return found


def starters(run_folder):
    """Pids of the small processes that start tasks of this run: they hold its lock."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and b"starter.py" in (entry / "cmdline").read_bytes():
                links = [link.readlink() for link in (entry / "fd").iterdir()]
                if run_folder / "tasks.lock" in links:
                    found.append(int(entry.name))
    return found


def kill(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
