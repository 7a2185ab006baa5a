"""What a run's progress looks like, on a terminal and elsewhere."""

import io

from levada.cli.console import Console
from levada.cli.progress import Lines, Picture


def task(path, phase="Pending", **fields):
    empty = {"reason": "", "message": "", "startTime": None, "completionTime": None, "attempts": 1, "outputs": {}}
    return {"path": path, "phase": phase, **empty, **fields}


def run(*tasks, phase="Running", **fields):
    counts = {"total": len(tasks)}
    for each in tasks:
        counts[each["phase"].lower()] = counts.get(each["phase"].lower(), 0) + 1
    empty = {"reason": "", "message": "", "startTime": "2026-01-01T00:00:00Z", "outputs": {}}
    return {"name": "r", "namespace": "n", "phase": phase, **empty, "completionTime": "2026-01-01T00:01:02Z",
            "counts": counts, "tasks": list(tasks), **fields}  # fmt: skip


def console(**options):
    return Console(file=io.StringIO(), width=100, highlight=False, **options)


def test_lines_say_each_change_once():
    screen = console()
    lines = Lines(screen)
    done = {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:09Z"}
    for view in (
        run(task("a"), task("b")),
        run(task("a", "Running"), task("b")),
        run(task("a", "Running"), task("b")),
        run(task("a", "Failed", reason="Error", message="exit code 1", **done), task("b", "Skipped")),
    ):
        lines.show(view)
    lines.show(
        run(task("a", "Failed", reason="Error", message="exit code 1", **done), phase="Failed", reason="TaskFailed")
    )
    assert screen.file.getvalue().splitlines() == [
        "run r: Running",
        "a: Running",
        "a: Failed 9s  Error: exit code 1",
        "b: Skipped",
        "run r: Failed  TaskFailed",
    ]


def test_lines_are_not_folded():
    screen = console()
    Lines(screen).show(run(task("a", "Failed", message="word " * 100)))
    assert len(screen.file.getvalue().splitlines()) == 2


def drawn(view, height=40, **options):
    screen = console(height=height, **options)
    picture = Picture(screen)
    picture.show(view)
    screen.print(picture.render())
    return screen.file.getvalue()


def test_the_picture_has_heading_tasks_bar_counts_and_time():
    text = drawn(run(task("train", "Succeeded"), task("plot", "Failed"), task("wait", "Running"), task("last")))
    for words in ("n/r", "train", "plot", "2/4", "1 running", "1 failed", "1m2s"):
        assert words in text


def test_on_a_small_screen_what_runs_or_failed_is_seen():
    tasks = [task(f"task-{index}", "Succeeded") for index in range(300)]
    tasks[200] = task("task-200", "Running")
    tasks[299] = task("task-299", "Failed")
    text = drawn(run(*tasks), height=14)
    assert "task-200" in text
    assert "task-299" in text
    assert "... and 294 more tasks" in text
    assert len(text.splitlines()) < 14


def test_colours_only_where_they_are_wanted():
    view = run(task("a", "Succeeded"))
    assert "\x1b[" not in drawn(view)
    assert "\x1b[32m" in drawn(view, force_terminal=True, color_system="standard", no_color=False)


def test_before_anything_is_known_it_says_so():
    screen = console()
    screen.print(Picture(screen).render())
    assert "waiting" in screen.file.getvalue()
