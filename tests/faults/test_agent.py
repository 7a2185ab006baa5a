"""The agent has too little memory: it is said who sets it, and the run goes on when it has enough."""

import json

import pytest

from e2e.runs import container

TEXT = [{"name": "text", "type": "String"}, {"name": "more", "type": "String"}]
WRITES = container('echo a > "$1"; echo b > "$2"', {"outputPath": "text"}, {"outputPath": "more"}, outputs=TEXT)
LITTLE = {"requests": {"memory": "12Mi"}, "limits": {"memory": "12Mi"}}


@pytest.mark.fault(
    "the agent needs more memory than it may have",
    seen="`AgentFailed`, which names `tasks.agentResources`; no retry is spent",
)
def test_an_agent_without_memory_names_the_setting(scene, give_store):
    give_store(scene.runs.namespace)
    scene.operator.stop()
    scene.operator.start(LEVADA_AGENT_RESOURCES=json.dumps(LITTLE))
    scene.runs.start("starved", {"task": WRITES})
    status = scene.runs.until("starved", lambda status: "AgentFailed" in str(status.get("tasks")), "the failed attempt")
    assert "tasks.agentResources" in status["tasks"][0]["message"]
    scene.operator.stop()
    scene.operator.start()
    _, tasks = scene.runs.succeed("starved")
    assert tasks["task"]["attempts"] > 1
