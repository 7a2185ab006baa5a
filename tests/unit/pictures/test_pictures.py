"""Pictures of graphs: what they show, and that it can be read."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from levada.graph.model import After, Approval, Component, Graph, Literal, Loop, Output, Task, TaskOutput
from levada.pictures.colours import LOOKS
from levada.pictures.dot import dot
from levada.pictures.layout import place
from levada.pictures.mermaid import mermaid
from levada.pictures.picture import PHASES, Arrow, picture_of
from levada.pictures.svg import svg

COMPONENT = Component({}, {"out": Output("out", "String", is_parameter=True)}, "image")
SVG = "{http://www.w3.org/2000/svg}"


def task(name, *needs, body=COMPONENT, after=()):
    inputs = {f"in{index}": TaskOutput(other, "out") for index, other in enumerate(needs)}
    return Task(name, body, inputs, tuple(After(other) for other in after))


def graph(*tasks):
    return Graph({}, {task.name: task for task in tasks})


SWEEP = graph(task("fit"), task("score", "fit"))
NESTED = graph(
    task("prepare"), task("sweep", "prepare", body=SWEEP), task("best", "sweep"), task("clean", after=["best"])
)


def test_a_picture_holds_nested_graphs_and_tells_data_from_order():
    picture = picture_of(NESTED)
    assert [box.path for box in picture.tasks()] == ["prepare", "sweep.fit", "sweep.score", "best", "clean"]
    assert picture.arrows == (
        Arrow("prepare", "sweep"),
        Arrow("sweep", "best"),
        Arrow("best", "clean", only_orders=True),
    )
    assert picture.boxes[1].inside.arrows == (Arrow("sweep.fit", "sweep.score"),)


def test_loops_gates_and_finally_are_told_apart():
    loop = replace(task("fit", "points", body=SWEEP), inputs={}, loop=Loop(TaskOutput("points", "out")))
    gate = Task("gate", Approval("Deploy?"), after=(After("fit"),))
    last = {item.name: item for item in (task("report", "points"), task("mail", "report"))}
    picture = picture_of(replace(graph(task("points"), loop, gate), finals=last))
    assert [box.name for box in picture.boxes] == ["points", "fit (forEach)", "gate (approval)", "finally"]
    assert picture.arrows == (Arrow("points", "fit"), Arrow("fit", "gate", only_orders=True))
    assert picture.boxes[3].inside.arrows == (Arrow("finally.report", "finally.mail"),)
    assert "finally" in mermaid(picture)
    assert "finally" in dot(picture)
    assert "finally.mail" in svg(picture)


def test_a_task_that_feeds_and_orders_has_one_arrow_of_data():
    picture = picture_of(graph(task("a"), task("b", "a", "a", after=["a"])))
    assert picture.arrows == (Arrow("a", "b"),)


def test_a_run_counts_its_phases_and_what_is_not_recorded_is_pending():
    picture = picture_of(NESTED, {"prepare": "Succeeded", "sweep.fit": "Failed"})
    assert picture.counts() == {"Pending": 3, "Succeeded": 1, "Failed": 1}
    assert picture_of(NESTED).counts() == {}


LOOPED = graph(replace(task("sweep", body=SWEEP), loop=Loop(Literal([1, 2]))))


@pytest.mark.parametrize(("phases", "shown"), [
    (["Succeeded", "Failed", "Running"], "Failed"),
    (["Succeeded", "Running", "Pending", "Cancelled"], "Running"),
    (["Succeeded", "Cancelled"], "Cancelled"),
    (["Cached", "Pending", "Succeeded"], "Pending"),
    (["Skipped", "Cached", "Succeeded"], "Succeeded"),
    (["Skipped", "Skipped"], "Skipped"),
])  # fmt: skip
def test_a_box_inside_a_loop_has_the_worst_phase_of_its_iterations(phases, shown):
    recorded = {f"sweep[{index}].fit": phase for index, phase in enumerate(phases)}
    (sweep,) = picture_of(LOOPED, {"sweep": "Running", **recorded}).boxes
    assert {box.path: box.phase for box in sweep.inside.boxes} == {"sweep.fit": shown, "sweep.score": "Pending"}


def test_a_box_inside_two_loops_and_a_loop_that_goes_on_without_a_failed_iteration():
    twice = graph(replace(task("outer", body=LOOPED), loop=Loop(Literal([1]))))
    recorded = {
        "outer": "Succeeded",
        "outer[0]": "Failed",
        "outer[0].sweep": "Succeeded",
        "outer[0].sweep[0]": "Failed",
        "outer[0].sweep[0].fit": "Succeeded",
        "outer[0].sweep[1].fit": "Failed",
    }
    (outer,) = picture_of(twice, recorded).boxes
    (sweep,) = outer.inside.boxes
    assert (outer.phase, sweep.phase, sweep.inside.boxes[0].phase) == ("Succeeded", "Succeeded", "Failed")


def test_every_phase_has_a_look_of_its_own():
    assert set(LOOKS) == set(PHASES)
    assert len({look.sign for look in LOOKS.values()}) == len({look.fill for look in LOOKS.values()}) == len(PHASES)


def test_mermaid():
    assert mermaid(picture_of(NESTED, {"prepare": "Succeeded", "sweep.fit": "Failed"})).splitlines() == [
        "flowchart TB",
        '  t0["✓ prepare"]:::Succeeded',
        '  subgraph t1["sweep"]',
        '    t2["✗ fit"]:::Failed',
        '    t3["○ score"]:::Pending',
        "  end",
        '  t4["○ best"]:::Pending',
        '  t5["○ clean"]:::Pending',
        "  t0 --> t1",
        "  t1 --> t4",
        "  t4 -.-> t5",
        "  t2 --> t3",
        "  classDef Pending fill:#f3f4f6,stroke:#9aa3ad,color:#4b5563",
        "  classDef Succeeded fill:#dff5e3,stroke:#2c8a45,color:#14532d",
        "  classDef Failed fill:#fde2e1,stroke:#c5221f,color:#7f1d1d",
    ]


def test_dot_cuts_arrows_at_the_border_of_a_nested_graph():
    lines = dot(picture_of(NESTED)).splitlines()
    assert '  subgraph "cluster_sweep" {' in lines
    assert '  "prepare" -> "sweep.fit" [lhead="cluster_sweep"];' in lines
    assert '  "sweep.fit" -> "best" [ltail="cluster_sweep"];' in lines
    assert '  "best" -> "clean" [style=dashed];' in lines
    assert lines.count("  }") == 1


def test_svg_shows_each_task_once_with_its_state_and_a_legend():
    root = ET.fromstring(svg(picture_of(NESTED, {"prepare": "Succeeded", "sweep.fit": "Failed"}), "a <title>"))
    groups = [element for element in root.iter(f"{SVG}g") if "data-path" in element.attrib]
    classes = {group.get("data-path"): group.get("class") for group in groups}
    assert classes == {
        "prepare": "task Succeeded",
        "sweep": "graph",
        "sweep.fit": "task Failed",
        "sweep.score": "task Pending",
        "best": "task Pending",
        "clean": "task Pending",
    }
    text = " ".join(root.itertext())
    assert "Pending (3)" in text
    assert "Failed (1)" in text
    assert root.find(f"{SVG}title").text == "a <title>"
    assert "Pending" not in svg(picture_of(NESTED))


def test_svg_asks_nothing_of_the_world():
    drawn = svg(picture_of(NESTED, {})).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|<script|@import|xlink|<image|<foreignObject", drawn)


def test_a_name_too_long_for_its_box_is_cut_and_its_title_has_all_of_it():
    name = "a-task-with-a-name-of-sixty-three-characters-which-is-the-most-x"[:63]
    root = ET.fromstring(svg(picture_of(graph(task(name)))))
    group = next(element for element in root.iter(f"{SVG}g") if element.get("data-path") == name)
    assert group.find(f"{SVG}title").text == name
    assert group.find(f"{SVG}text").text.endswith("…")


@pytest.mark.parametrize("size", [1, 3, 50])
def test_boxes_keep_apart_and_inside_the_picture(size):
    tasks = [task(f"task-{index}", *(f"task-{index // 2}",) * bool(index), body=SWEEP if index % 7 == 3 else COMPONENT)
             for index in range(size)]  # fmt: skip
    placed = place(picture_of(graph(*tasks)))
    assert len(placed.boxes) == size
    for index, box in enumerate(placed.boxes):
        assert -0.1 <= box.x <= box.x + box.width <= placed.width + 0.1
        assert -0.1 <= box.y <= box.y + box.height <= placed.height + 0.1
        if box.inside:
            assert box.inside.width <= box.width
            assert box.inside.height <= box.height
        for other in placed.boxes[index + 1 :]:
            apart = (
                box.x + box.width <= other.x
                or other.x + other.width <= box.x
                or box.y + box.height <= other.y
                or other.y + other.height <= box.y
            )
            assert apart, (box, other)


def test_arrows_lead_from_border_to_border():
    placed = place(picture_of(graph(task("a"), task("b", "a"))))
    boxes = {box.box.path: box for box in placed.boxes}
    (arrow,) = placed.arrows
    for path, (x, y) in (("a", arrow.points[0]), ("b", arrow.points[-1])):
        box = boxes[path]
        on_side = min(abs(x - box.x), abs(x - box.x - box.width)) < 1 and box.y - 1 <= y <= box.y + box.height + 1
        on_top = min(abs(y - box.y), abs(y - box.y - box.height)) < 1 and box.x - 1 <= x <= box.x + box.width + 1
        assert on_side or on_top


def test_a_graph_without_tasks_is_an_empty_picture():
    assert ET.fromstring(svg(picture_of(graph()))).tag == f"{SVG}svg"
