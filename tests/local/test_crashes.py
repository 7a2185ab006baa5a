"""kill -9 of the engine, of its starter, of both, at many points: nothing is lost, nothing runs twice."""

import os
import signal
import sys
from functools import partial
from pathlib import Path

from local.program import alive, kill, marked, script, starters, until

TASK = f"""
exec {sys.executable} -S -c '
import fcntl, os, sys
name, log, text, out = sys.argv[1:]
lock = open(log + "." + name, "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    open(log, "a").write(f"overlap {{name}}\\n")
open(log, "a").write(f"begin {{name}}\\n")
os.mkdir(out)
open(out + "/text", "w").write(text + name)
open(log, "a").write(f"end {{name}}\\n")
' "$@"
"""


def work(levada, name, after=None):
    """A task that notes when it runs and that nobody else runs it, and makes a folder."""
    return script(
        TASK, name, str(levada.folder / "log"), {"inputValue": "text"}, {"outputPath": "out"},
        inputs=[{"name": "text", "default": "made by "}], outputs=[{"name": "out", "type": "Model"}],
        **({"after": [{"task": after, "require": "Succeeded"}]} if after else {}),
    )  # fmt: skip


def grown(levada, process, lines):
    return process.poll() is not None or len(levada.journal("crash")) >= lines


def entries(levada):
    path = levada.folder / "log"
    return path.read_text().splitlines() if path.exists() else []


def succeeded(levada, name):
    """Tasks that the journal says are done."""
    return {
        line.split(b'"')[1].decode() for line in levada.journal(name) if b'"Succeeded"' in line and line[:1] == b"["
    }


def test_an_engine_that_is_killed_again_and_again_gets_there_and_runs_nothing_twice(levada):
    tasks = {name: work(levada, name, after) for name, after in zip("abcdex", [None, *"abcd", None], strict=True)}
    path = levada.write("crash", tasks, outputs={"last": {"task": "e", "output": "out"}})
    kills = 0
    while True:
        # A line is noted when a task starts, another when it ends: sometimes more than one start must be let through.
        enough = len(levada.journal("crash")) + 1 + kills % 4
        done_before = succeeded(levada, "crash")
        seen = len(entries(levada))
        process = levada.start("run", "--local", path)
        until(partial(grown, levada, process, enough), "progress or an end")
        if process.poll() is None:
            process.kill()
            kills += 1
        process.communicate()
        again = {line.split()[1] for line in entries(levada)[seen:]}
        assert not again & done_before, "a finished task ran again"
        if process.returncode == 0:
            break
    assert kills >= 3
    assert not [line for line in entries(levada) if line.startswith("overlap")]
    final = levada.run(path)
    assert final.code == 0
    digests = {path: task["outputs"]["out"]["digest"] for path, task in final.tasks.items()}
    undisturbed = levada.run(path, "--name", "calm")
    assert digests == {path: task["outputs"]["out"]["digest"] for path, task in undisturbed.tasks.items()}
    assert marked(f"LEVADA_RUN=crash\0LEVADA_TASK={levada.folder}") == []


def test_a_task_outlives_neither_the_engine_nor_its_starter(levada):
    text = f'echo "$$" >> {levada.folder}/pids; sleep 1000 & (setsid sleep 1001 &) ; wait'
    path = levada.write("left", {"long": script(text)})
    engine = levada.start("run", "--local", path)
    until(lambda: (levada.folder / "pids").exists() and len(ours(levada)) >= 3, "its processes")
    engine.kill()
    engine.communicate()
    until(lambda: not ours(levada), "the starter ends them")


def test_processes_that_both_kills_left_behind_are_ended_before_the_next_attempt(levada):
    text = f'echo "$$" >> {levada.folder}/pids; test -e {levada.folder}/second || sleep 1000'
    path = levada.write("both", {"long": script(text)})
    engine = levada.start("run", "--local", path)
    [first] = until(lambda: pids(levada), "the first attempt")
    until(lambda: levada.journal("both"), "a note of its start")
    [starter] = starters(levada.home / "runs" / "both")
    os.kill(engine.pid, signal.SIGSTOP)  # So that neither sees the other's end.
    kill(starter)
    engine.kill()
    engine.communicate()
    assert alive(first)
    (levada.folder / "second").touch()
    done = levada.run(path)
    assert done.code == 0
    assert not alive(first)
    assert len(pids(levada)) == 2
    assert done.tasks["long"]["attempts"] == 2


def test_an_engine_without_its_starter_gives_up_and_the_run_goes_on_later(levada):
    path = levada.write("alone", {"long": script(f"test -e {levada.folder}/second || sleep 1000")})
    engine = levada.start("run", "--local", path)
    [starter] = until(lambda: marked("LEVADA_RUN=alone") and starters(levada.home / "runs" / "alone"), "a starter")
    kill(starter)
    ended = levada.end(engine)
    assert ended.code == 4
    assert "run it again under the same name" in ended.err
    (levada.folder / "second").touch()
    assert levada.run(path).code == 0


def test_a_torn_last_line_is_cut_off(levada):
    path = levada.write("torn", {"a": work(levada, "a"), "b": work(levada, "b", "a")})
    assert levada.run(path).code == 0
    run = levada.home / "runs" / "torn"
    lines = (run / "journal").read_bytes().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(b'["a","Succeeded"'))
    # As after a power cut; everything after that line is gone, but for a part of the next one.
    (run / "journal").write_bytes(b"".join(lines[: first + 1]) + lines[first + 1][:9])
    with (run / "attempts").open("a") as attempts:
        attempts.write("S 12")
    before = len(entries(levada))
    done = levada.run(path)
    assert done.code == 0
    assert [line.split()[1] for line in entries(levada)[before:]] == ["b", "b"]
    assert done.tasks["b"]["phase"] == "Succeeded"


def test_a_process_that_ended_before_its_result_was_noted_is_not_run_again(levada):
    path = levada.write("late", {"a": work(levada, "a")})
    assert levada.run(path).code == 0
    run = levada.home / "runs" / "late"
    # As if the engine had been killed between the end of the process and the note of its result.
    lines = [line for line in levada.journal("late") if b'"Succeeded"' not in line]
    (run / "journal").write_bytes(b"".join(line + b"\n" for line in lines))
    out = run / "work/a.0/outputs/out/data"
    out.mkdir(parents=True)
    (out / "text").write_text("made by a")
    before = entries(levada)
    done = levada.run(path)
    assert done.code == 0
    assert entries(levada) == before
    assert done.tasks["a"]["attempts"] == 1


def pids(levada):
    path = levada.folder / "pids"
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def ours(levada):
    """Processes of tasks below this test's folder."""
    return [pid for pid in marked("LEVADA_LOCAL=") if str(levada.folder) in working_folder(pid)]


def working_folder(pid):
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""
