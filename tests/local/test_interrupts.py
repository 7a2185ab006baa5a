"""Ctrl-C in a terminal, and signals: tasks end, nothing is left, the run goes on later."""

import os
import signal

import pexpect
import pytest

from local.program import PATIENCE, PROGRAM, alive, script, until

TELLS = 'echo "$$" >> "$TEST_PIDS"; '


@pytest.fixture
def pids(levada):
    """Pids that tasks noted."""
    path = levada.folder / "pids"
    levada.env["TEST_PIDS"] = str(path)

    def read(count):
        return until(lambda: path.exists() and len(found := path.read_text().split()) >= count and found, "tasks")

    return read


def in_terminal(levada, *args):
    return pexpect.spawn(
        PROGRAM, ["run", "--local", *map(str, args)], cwd=str(levada.folder), env=levada.env, timeout=PATIENCE,
        encoding="utf-8", codec_errors="replace", dimensions=(40, 160),
    )  # fmt: skip


def ended(terminal):
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus


def test_ctrl_c_ends_tasks_politely_keeps_state_and_the_same_name_goes_on(levada, pids):
    tasks = {
        "first": script("echo once >> ../first"),
        "slow": script(
            f"{TELLS} test -e {levada.folder}/second && exit 0; trap 'echo bye > {levada.folder}/bye; exit 1' TERM;"
            "sleep 1000 & wait",
            after=[{"task": "first", "require": "Succeeded"}],
        ),
    }
    path = levada.write("polite", tasks)
    terminal = in_terminal(levada, path)
    [pid] = pids(1)
    terminal.sendintr()
    assert ended(terminal) == 130
    assert not alive(pid)
    assert (levada.folder / "bye").read_text() == "bye\n"
    kept = levada("get", "--local", "polite", "-o", "json").record
    assert (kept["phase"], kept["reason"]) == ("Suspended", "Interrupted")
    (levada.folder / "second").touch()
    done = levada.run(path)
    assert done.code == 0
    assert done.tasks["first"]["attempts"] == 1
    assert done.tasks["slow"]["attempts"] == 2


def test_a_second_ctrl_c_ends_tasks_that_do_not_listen(levada, pids):
    path = levada.write("deaf", {"deaf": script(f"trap '' TERM; {TELLS} while true; do sleep 1; done")})
    terminal = in_terminal(levada, path)
    [pid] = pids(1)
    terminal.sendintr()
    terminal.expect("once more")
    assert alive(pid)
    terminal.sendintr()
    assert ended(terminal) == 130
    assert not alive(pid)


def test_no_descendant_of_a_task_is_left_whatever_it_does(levada, pids):
    text = (
        f"{TELLS} setsid sh -c '{TELLS} trap \"\" TERM; sleep 1000' & (setsid setsid sh -c '{TELLS} sleep 1001' &);"
        f"sh -c '{TELLS} sleep 1002' & wait"
    )
    path = levada.write("family", {"parent": script(text)})
    terminal = in_terminal(levada, path)
    family = pids(4)
    terminal.sendintr()
    terminal.sendintr()
    assert ended(terminal) == 130
    assert not [pid for pid in family if alive(pid)]


def test_what_a_task_leaves_running_ends_with_it(levada, pids):
    tasks = {
        "parent": script(f"(setsid sh -c '{TELLS} sleep 1000' &); sh -c '{TELLS} sleep 1001' & {TELLS} sleep 0.1"),
        "next": script("sleep 0.1", after=["parent"]),
    }
    done = levada.run(levada.write("orphans", tasks))
    assert done.code == 0
    assert not [pid for pid in pids(1) if alive(pid)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_do_the_same(levada, pids, number):
    path = levada.write("told", {"slow": script(f"{TELLS} sleep 1000")})
    engine = levada.start("run", "--local", path)
    [pid] = pids(1)
    os.kill(engine.pid, number)
    assert levada.end(engine).code == 130
    assert not alive(pid)


def test_a_second_engine_is_refused_and_disturbs_nothing(levada, pids):
    path = levada.write("busy", {"slow": script(f"{TELLS} while ! test -e {levada.folder}/go; do sleep 0.05; done")})
    first = levada.start("run", "--local", "-o", "json", path)
    [pid] = pids(1)
    before = until(lambda: levada.journal("busy"), "a note of its start")
    second = levada.run(path)
    assert second.code == 2
    assert "is being run by another process" in second.err
    assert alive(pid)
    assert levada.journal("busy") == before
    assert levada("get", "--local", "busy", "-o", "json").record["phase"] == "Running"
    (levada.folder / "go").touch()
    assert levada.end(first).record["phase"] == "Succeeded"
