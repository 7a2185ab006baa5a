"""Logs: one JSON object per line, always with namespace, run and task."""

import json
import subprocess
import sys

SCRIPT = """
import asyncio, logging, sys, threading
from levada.handlers import logs
logs.configure("INFO")
log = logging.getLogger("levada.test")
{}
"""


def lines(body):
    code = SCRIPT.format(body)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    return [json.loads(line) for line in result.stderr.splitlines()]


def test_every_line_has_the_fields_also_when_they_are_empty():
    [line] = lines('log.info("hello %s", "you")')
    assert line["message"] == "hello you"
    assert (line["namespace"], line["run"], line["task"]) == ("", "", "")
    assert (line["level"], line["logger"]) == ("INFO", "levada.test")
    assert line["time"].endswith("Z")


def test_what_is_bound_is_on_the_lines_inside_and_in_tasks_started_there():
    body = """
async def main():
    async def inner():
        log.info("in a task", extra={"task": "train"})
    with logs.bind(namespace="a", run="flowers"):
        task = asyncio.create_task(inner())
        with logs.bind(task="predict"):
            log.info("deeper")
    log.info("outside")
    await task
asyncio.run(main())
"""
    deeper, outside, task = lines(body)
    assert (deeper["namespace"], deeper["run"], deeper["task"]) == ("a", "flowers", "predict")
    assert (outside["namespace"], outside["run"], outside["task"]) == ("", "", "")
    assert (task["namespace"], task["run"], task["task"]) == ("a", "flowers", "train")


def test_exceptions_nobody_caught_are_json_too():
    [line] = lines('raise ValueError("main thread")')
    assert "ValueError: main thread" in line["exc_info"]
    assert line["level"] == "CRITICAL"
    body = """
def fail():
    raise ValueError("other thread")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
"""
    [line] = lines(body)
    assert "ValueError: other thread" in line["exc_info"]


def test_a_task_that_failed_unseen_is_json():
    body = """
async def fail():
    raise ValueError("in a task")
async def main():
    asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
asyncio.run(main())
import gc; gc.collect()
"""
    [line] = lines(body)
    assert "ValueError: in a task" in line["exc_info"]
    assert line["logger"] == "asyncio"


def test_warnings_are_json():
    [line] = lines('import warnings; warnings.warn("old")')
    assert "old" in line["message"]
