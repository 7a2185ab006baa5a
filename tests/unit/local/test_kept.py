"""What is kept of a run on the disk, read back whole, cut short or damaged."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from levada.local.home import attempt_key
from levada.local.journal import End, Journal, read_journal
from levada.local.starter import TOKEN, environment_of, find_program, packed, start_ticks, unpacked
from levada.local.survivors import AttemptEnd, Traces, end_survivors, read_attempts
from levada.planner.encoding import Row
from levada.planner.nodes import Phase

ROWS = [
    Row("a", Phase.RUNNING),
    Row("b ü", Phase.FAILED, 1, reason="Error"),
    Row("a", Phase.SUCCEEDED, outputs={"n": 1}),
]
END = End("Failed", "TaskFailed", "task b failed", "2026-01-01T00:00:00Z", {"n": 1})


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("journal") / "journal"
    journal = Journal(path, 0)
    journal.add(ROWS[:2])
    journal.add(ROWS[2:])
    journal.end(END)
    journal.close()
    return path.read_bytes()


def test_a_journal_reads_back_the_last_row_of_each_task_and_the_end(tmp_path, whole):
    (tmp_path / "journal").write_bytes(whole)
    recorded = read_journal(tmp_path / "journal")
    assert recorded.rows == {"a": ROWS[2], "b ü": ROWS[1]}
    assert recorded.end == END
    assert recorded.length == len(whole)


def test_a_journal_cut_anywhere_keeps_every_whole_line_and_goes_on(tmp_path, whole):
    path = tmp_path / "journal"
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        recorded = read_journal(path)
        assert recorded.length == whole[:cut].rfind(b"\n") + 1
        journal = Journal(path, recorded.length)
        journal.add([ROWS[2]])
        journal.close()
        assert read_journal(path).rows["a"] == ROWS[2]


@given(st.lists(st.tuples(st.text(), st.integers(-(2**60), 2**60), st.booleans())), st.integers(1, 9))
def test_messages_arrive_whole_however_they_are_cut(messages, size):
    data, got, rest = b"".join(map(packed, messages)), [], b""
    for at in range(0, len(data), size):
        more, rest = unpacked(rest + data[at : at + size])
        got += more
    assert (got, rest) == (messages, b"")


def test_attempts_without_an_end_are_running_and_torn_lines_are_passed_over(tmp_path):
    path = tmp_path / "attempts"
    path.write_text("S 10 100 0 a.0\nE 0 1.5 2.5 a.0\nS 11 101 1 b.0\nS 12 1\nE x\n\nS 13 103 0 a.1\nE -9 3.0 4")
    traces = read_attempts(path)
    assert traces.running == {"b.0": (11, 101, 1), "a.1": (13, 103, 0)}
    assert traces.ended == {"a.0": AttemptEnd(0, 1.5, 2.5)}
    assert read_attempts(tmp_path / "none") == Traces({}, {})


def test_survivors_are_found_by_pid_or_by_what_they_carry_and_others_are_left_alone():
    def sleeper(**env):
        return subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(1000)"], env=env, start_new_session=True
        )

    carrying, known, other = sleeper(**{TOKEN: "mine/a.0"}), sleeper(), sleeper(**{TOKEN: "others/a.0"})
    reused = sleeper()
    try:
        while f"{TOKEN}=mine/a.0".encode() not in environment_of(carrying.pid):
            os.sched_yield()
        running = {"b.0": (known.pid, start_ticks(known.pid), 0), "c.0": (reused.pid, start_ticks(reused.pid) + 1, 1)}
        end_survivors(Traces(running, {}), "mine")
        assert (carrying.wait(60), known.wait(60)) == (-9, -9)
        assert (other.poll(), reused.poll()) == (None, None)
    finally:
        for process in (carrying, known, other, reused):
            process.kill()
            process.wait()


def test_programs_are_looked_for_as_shells_do(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    (tmp_path / "first" / "tool").write_text("no program")
    (tmp_path / "second" / "tool").write_text("#!/bin/sh")
    (tmp_path / "second" / "tool").chmod(0o755)
    (tmp_path / "first" / "folder").mkdir()
    path = f"{tmp_path}/first:{tmp_path}/second".encode()
    assert find_program("tool", path) == f"{tmp_path}/second/tool"
    assert find_program("./x", path) == "./x"
    with pytest.raises(FileNotFoundError):
        find_program("folder", path)
    if os.geteuid() != 0 or not os.access(tmp_path / "first" / "tool", os.X_OK):
        with pytest.raises(PermissionError):
            find_program("tool", f"{tmp_path}/first".encode())


@given(st.text(min_size=1, max_size=80), st.integers(0, 99))
def test_the_key_of_an_attempt_is_one_word_that_names_a_file(path, attempt):
    key = attempt_key(path, attempt)
    assert len(key) < 255
    assert not set(key) & set(" /\n\0")
    assert key.endswith(f".{attempt}")
