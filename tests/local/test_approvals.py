"""Gates on this machine: a run waits, and `levada approve --local` in another terminal lets it go on."""

import getpass
import signal

from local.program import script

GATE = {"approval": {"message": "Deploy?"}}


def gated(levada, name="gated", **tasks):
    tasks = {"deploy": GATE, "after": script("true") | {"after": [{"task": "deploy", "require": "Succeeded"}]}} | tasks
    return levada.write(name, tasks)


def ask(levada, path):
    """The run, waiting at its gate."""
    running = levada.start("run", "--local", "-o", "json", path)
    while "levada approve" not in (line := running.stderr.readline()):
        assert line
    return running, line


def test_a_run_waits_says_what_to_type_and_goes_on_when_that_is_typed(levada):
    running, line = ask(levada, gated(levada))
    assert "Deploy?" in line
    assert "levada approve gated 'deploy' --local" in line
    said = levada("approve", "gated", "deploy", "--local", "-m", "looks good")
    assert (said.code, said.out) == (0, f"run gated: deploy is approved by {getpass.getuser()}\n")
    done = levada.end(running)
    assert done.code == 0, done.err
    assert done.tasks["deploy"]["message"] == f"approved by {getpass.getuser()}: looks good"
    assert done.tasks["after"]["phase"] == "Succeeded"


def test_a_rejected_gate_fails_its_run(levada):
    running, _ = ask(levada, gated(levada))
    assert levada("approve", "gated", "deploy", "--local", "--reject").code == 0
    done = levada.end(running)
    assert done.code == 1
    assert (done.tasks["deploy"]["phase"], done.tasks["after"]["phase"]) == ("Failed", "Skipped")


def test_a_gate_that_nobody_answers_fails_in_time(levada):
    done = levada.run(levada.write("late", {"deploy": {"approval": {"timeout": "1s"}}}))
    assert done.code == 1
    assert (done.tasks["deploy"]["phase"], done.tasks["deploy"]["reason"]) == ("Failed", "ApprovalTimeout")


def test_what_is_said_before_the_gate_or_while_nobody_runs_it_counts_when_it_is_reached(levada):
    path = gated(levada, late={"approval": {}, "after": ["after"]})
    running, _ = ask(levada, path)
    assert levada("approve", "gated", "late", "--local").code == 0
    running.send_signal(signal.SIGINT)
    assert levada.end(running).code == 130
    assert levada("approve", "gated", "deploy", "--local").code == 0
    done = levada.run(path)
    assert done.code == 0, done.err
    assert {task["phase"] for task in done.tasks.values()} == {"Succeeded"}


def test_an_approval_that_makes_no_sense_is_refused_in_a_sentence(levada):
    running, _ = ask(levada, gated(levada))
    for task, words in {
        "deplo": "the run 'gated' has no approval 'deplo' (did you mean 'deploy'?)",
        "after": "the run 'gated' has no approval 'after'",
    }.items():
        done = levada("approve", "gated", task, "--local")
        assert (done.code, done.out) == (2, "")
        assert words in done.err
    assert "there is no local run 'other'" in levada("approve", "other", "deploy", "--local").err
    assert levada("approve", "gated", "deploy", "--local").code == 0
    levada.end(running)
    again = levada("approve", "gated", "deploy", "--local", "--reject")
    assert (again.code, again.out) == (2, "")
    assert "the run 'gated' is over, it is Succeeded" in again.err
