"""`make bench`: what Levada itself costs on the test cluster. It reports and fails nothing.

- hand-over: from the end of a task to the creation of the Pod of the task that waits for it, in a chain. The kubelet's
  part (until the API server shows that the container has ended) and Levada's (from then on) are told apart.
- idle: memory and CPU of the operator, when it has just started and with some hundred finished runs in the cluster.
"""

import argparse
import statistics
import time

from bench import results
from bench.pod_watch import PodWatch
from bench.process_account import Process
from bench.results import Result, at_most
from cluster.kubectl import Kubectl
from cluster.paths import KUBECONFIG
from cluster.progress import say
from cluster.waiting import WaitFor
from e2e.runs import Runs, container

_NAMESPACE = "levada-bench"
_SETTLE = 20.0  # seconds after which what a start or the last run left to do is done
_WINDOW = 60.0
_SIDE_BY_SIDE = 40
# The last thing that a task does is to say what time it is: its end, to the millisecond.
_STEP = 'printf 7 > "$1"; date +%s.%N'


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--chain", type=int, default=30, help="tasks in the chain")
    parser.add_argument("--runs", type=int, default=300, help="finished runs in the cluster while it is idle")
    arguments = parser.parse_args()
    kubectl = Kubectl(KUBECONFIG)
    kubectl("delete", "namespace", _NAMESPACE, "--ignore-not-found", timeout=300)
    kubectl("-n", "levada-system", "rollout", "restart", "deployment/levada")
    kubectl("-n", "levada-system", "rollout", "status", "deployment/levada", "--timeout=120s")
    kubectl("create", "namespace", _NAMESPACE)
    try:
        found = idle(kubectl, "idle-0")
        found += hand_over(kubectl, arguments.chain)
        finish_runs(kubectl, arguments.runs)
        found += idle(kubectl, f"idle-{arguments.runs}")
    finally:
        kubectl("delete", "namespace", _NAMESPACE, "--wait=false")
    results.write(found)
    print(results.table(found))


def hand_over(kubectl: Kubectl, length: int) -> list[Result]:
    """Milliseconds between the tasks of a chain."""
    say(f"Hand-over: a chain of {length} tasks")
    watch, runs = PodWatch(_NAMESPACE), Runs(kubectl, _NAMESPACE)
    watch.start()
    runs.start("chain", {f"t{index}": step(index) for index in range(length)})
    runs.succeed("chain", 30 + 10 * length)
    kubelet, operator = [], []
    for index in range(length - 1):
        task, following = f"t{index}", f"t{index + 1}"
        said = float(kubectl("logs", "-n", _NAMESPACE, runs.pod_of("chain", task), "-c", "main"))
        kubelet.append(1000 * (watch.ended[task] - said))
        operator.append(1000 * (watch.created[following] - watch.ended[task]))
    total = [sum(parts) for parts in zip(kubelet, operator, strict=True)]
    scenario = f"chain-{length}"
    return [
        Result(scenario, "handover_operator_ms_median", [statistics.median(operator)]),
        Result(scenario, "handover_operator_ms_worst", [max(operator)]),
        Result(scenario, "handover_kubelet_ms_median", [statistics.median(kubelet)]),
        # From the container's end, the kubelet's part included: what a person waits for is what is judged.
        Result(
            scenario,
            "handover_ms_median",
            [statistics.median(total)],
            [statistics.median(kubelet)],
            budget=at_most(300),
        ),
    ]


def step(index: int) -> dict:
    number = {"outputs": [{"name": "n", "type": "Integer"}]}
    if not index:
        return container(_STEP, {"outputPath": "n"}, **number)
    body = container(
        _STEP, {"outputPath": "n"}, {"inputValue": "n"}, inputs=[{"name": "n", "type": "Integer"}], **number
    )
    return body | {"inputs": {"n": {"task": f"t{index - 1}", "output": "n"}}}


def finish_runs(kubectl: Kubectl, count: int) -> None:
    """Have `count` runs of one task each in the cluster, all of them over."""
    say(f"Idle: {count} runs are made and finished first")
    runs, pending = Runs(kubectl, _NAMESPACE), 0
    for index in range(count):
        runs.start(f"run-{index}", {"one": container('printf 7 > "$1"', {"outputPath": "n"},
                                                     outputs=[{"name": "n", "type": "Integer"}])})  # fmt: skip
        pending += 1
        if pending == _SIDE_BY_SIDE or index == count - 1:
            wait_for_all(kubectl)
            pending = 0


def wait_for_all(kubectl: Kubectl) -> None:
    def over() -> bool:
        phases = kubectl("get", "pipelineruns", "-n", _NAMESPACE, "-o", "jsonpath={.items[*].status.phase}").split()
        made = kubectl("get", "pipelineruns", "-n", _NAMESPACE, "-o", "name").split()
        return len(phases) == len(made) and set(phases) == {"Succeeded"}

    WaitFor(kubectl, _NAMESPACE)(over, "the end of all runs", 600)


def idle(kubectl: Kubectl, scenario: str) -> list[Result]:
    """Memory in MiB and CPU in percent of one core, while nothing is to be done."""
    say(f"{scenario}: {_WINDOW:.0f} s of doing nothing")
    time.sleep(_SETTLE)
    process = Process.of_operator(kubectl)
    cpu = process.cpu_percent(_WINDOW)
    return [
        Result(scenario, "rss_mb", [process.resident_mb()], budget=at_most(80)),
        Result(scenario, "idle_cpu_percent", [cpu], budget=at_most(1)),
    ]


if __name__ == "__main__":
    main()
