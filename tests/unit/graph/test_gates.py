"""Gates are found wherever they stand in a graph."""

from levada.graph.gates import gate_at, gates_of, loops_to
from levada.graph.model import Approval, Component, Graph, Literal, Loop, Task

GATE, WORK = Approval("go?"), Component({}, {}, "image")
EACH = Loop(Literal((1, 2)))


def graph(*tasks, finals=()):
    return Graph({}, {task.name: task for task in tasks}, finals={task.name: task for task in finals})


def test_at_the_top_in_nested_graphs_in_loops_and_at_the_end():
    nested = graph(Task("work", WORK), Task("check", GATE))
    whole = graph(
        Task("deploy", GATE),
        Task("work", WORK),
        Task("group", nested),
        Task("sweep", nested, loop=EACH),
        Task("each", GATE, loop=EACH),
        finals=[Task("publish", GATE)],
    )
    assert list(gates_of(whole)) == ["deploy", "group.check", "sweep[*].check", "each[*]", "finally.publish"]


def test_a_path_with_indices_leads_to_the_gate_of_its_loop():
    assert gate_at("sweep[3].check") == "sweep[*].check"
    assert gate_at("a[0].b[12]") == "a[*].b[*]"
    assert gate_at("deploy") == "deploy"


def test_the_loops_that_a_path_leads_through():
    check = Task("check", GATE, loop=EACH)
    nested = graph(Task("sweep", graph(check), loop=EACH), finals=[check])
    whole = graph(Task("train", nested), finals=[Task("each", GATE, loop=EACH)])
    loops = {path: [(above, index) for above, index, _ in loops_to(whole, path)] for path in (
        "train.sweep[3].check[4]", "train.finally.check[0]", "finally.each[1]",
    )}  # fmt: skip
    assert loops == {
        "train.sweep[3].check[4]": [("train.sweep", 3), ("train.sweep[3].check", 4)],
        "train.finally.check[0]": [("train.finally.check", 0)],
        "finally.each[1]": [("finally.each", 1)],
    }
