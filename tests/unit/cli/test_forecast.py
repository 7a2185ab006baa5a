"""What `levada plan` foresees: which tasks would run, and for what the others wait."""

from dataclasses import replace

from levada.cli.forecast import forecast
from levada.graph.model import Graph, Input, Item, Literal, Loop, Parameter, Task, TaskOutput
from levada.graph.policies import Cache
from levada.graph.types import INTEGER, LIST
from levada.store.lookup import Finder
from levada.store.stores import Stores
from unit.planner.graphs import component, graph, task
from unit.store.s3_stub import answering, error, stores_at

WITHOUT_A_STORE = Finder(Stores(None), "research", "flowers-1")


def looped(name, items, *, parallelism=None, body=None):
    return Task(name, body or component("x"), {"x": Item()}, loop=Loop(items, parallelism))


def told(shape, **inputs):
    return [(each["path"], each["action"], each["reason"]) for each in forecast(shape, inputs, WITHOUT_A_STORE, "r")]


def test_what_only_waits_for_room_would_run():
    inner = Graph({"x": Input("x", INTEGER, True)}, {"fit": looped("fit", Literal([7, 8]), parallelism=1)})
    shape = replace(graph(looped("sweep", Literal([1, 2]), parallelism=1, body=inner), task("b")), parallelism=1)
    paths = ["sweep[0].fit[0]", "sweep[0].fit[1]", "sweep[1].fit[0]", "sweep[1].fit[1]", "b"]
    assert told(shape) == [(path, "Run", "Disabled") for path in paths]


def test_tasks_stand_in_the_order_of_the_graph_and_a_loop_only_while_its_iterations_are_unknown():
    shape = Graph(
        {"points": Input("points", LIST, True)},
        {
            "first": looped("first", Parameter("points")),
            "second": task("second"),
            "later": looped("later", TaskOutput("second", "n")),
            "none": looped("none", Literal([])),
            "last": task("last", needs=("second",)),
        },
    )
    assert told(shape, points=[1, 2]) == [
        ("first[0]", "Run", "Disabled"),
        ("first[1]", "Run", "Disabled"),
        ("second", "Run", "Disabled"),
        ("later", "Unknown", "depends on second"),
        ("none", "Skip", "there is nothing to repeat it for"),
        ("last", "Unknown", "depends on second"),
    ]


def test_a_loop_that_is_skipped_is_told():
    off = Task("off", component(), when="1 > 2")
    shape = graph(off, looped("each", TaskOutput("off", "n")))
    assert [each[:2] for each in told(shape)] == [("off", "Skip"), ("each", "Skip")]
    assert told(shape)[1][2] == "off was skipped"


def test_a_task_whose_results_may_not_be_looked_for_would_run():
    with answering(403, error("AccessDenied")) as endpoint:
        finder = Finder(stores_at(endpoint), "research", "flowers-1")
        assert forecast(graph(replace(task("a"), cache=Cache())), {}, finder, "r") == [
            {"path": "a", "action": "Run", "reason": "Unverifiable"}
        ]
