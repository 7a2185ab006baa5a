"""An attempt's outputs: all are checked before any is stored, and values are what their types say."""

import pytest

from levada.planner.handoff import CollectOutput
from levada.store import outputs
from levada.store.errors import InvalidOutputError, OutputMissingError, UnverifiableError
from levada.store.outputs import METADATA_LIMIT, PARAMETER_LIMIT
from unit.store.s3_stub import answering, error, stores_at


@pytest.fixture
def task(tmp_path):
    return Task(tmp_path)


class Task:
    """What a task would have written."""

    def __init__(self, folder):
        self.folder = folder
        self.declared = []

    def output(self, name, type_="Model", content=None, metadata=None):
        path = self.folder / name / "data"
        self.declared.append(CollectOutput(name, type_, type_ in ("String", "Integer", "Float", "Dict"), str(path)))
        path.parent.mkdir(parents=True)
        if content is not None:
            path.write_bytes(content)
        if metadata is not None:
            path.with_name("metadata.json").write_bytes(metadata)
        return self

    def check(self):
        return outputs.check(self.declared, outputs.prepare(self.declared))

    def text(self):
        (checked,) = self.check()
        return checked.text


@pytest.mark.parametrize(
    ("type_", "content", "text"),
    [
        ("String", b" kept as it is \n", " kept as it is \n"),
        ("Integer", b" 7\n", "7"),
        ("Float", b"1e-3\n", "0.001"),
        ("Float", b"2.0", "2"),
        ("Dict", b'{"a": [1, 2.0]}\n', '{"a":[1,2]}'),
    ],
)
def test_a_value_is_read_in_its_types_form(task, type_, content, text):
    assert task.output("v", type_, content).text() == text


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("Integer", b"seven"),
        ("Integer", b"9223372036854775808"),
        ("Float", b"NaN"),
        ("Dict", b"[1]"),
        ("String", b"\xff"),
        ("String", b"x" * (PARAMETER_LIMIT + 1)),
    ],
)
def test_a_value_that_is_not_of_its_type_is_refused(task, type_, content):
    with pytest.raises(InvalidOutputError, match="output 'v'"):
        task.output("v", type_, content).check()


def test_values_have_to_fit_together(task):
    half = b"x" * (PARAMETER_LIMIT // 2 + 1)
    with pytest.raises(InvalidOutputError, match="artifact"):
        task.output("a", "String", half).output("b", "String", half).check()


def test_the_first_that_is_wrong_is_named_and_the_others_are_counted(task):
    with pytest.raises(OutputMissingError, match=r"output 'b'.*1 more: c"):
        task.output("a", content=b"x").output("b").output("c", "Integer", b"x").check()


def test_an_artifact_has_the_metadata_that_stands_beside_it(task, store):
    (checked,) = task.output("m", content=b"x", metadata=b'{"layers": 2}').check()
    record = outputs.store(store, f"{store.url}/ns/uid/task/0", checked)
    assert (record.artifact.metadata, record.artifact.uri) == ({"layers": 2}, f"{store.url}/ns/uid/task/0/m")


@pytest.mark.parametrize("metadata", [b"[1]", b"{", b'{"a": "' + b"x" * METADATA_LIMIT + b'"}'])
def test_metadata_that_is_no_small_object_is_refused(task, metadata):
    with pytest.raises(InvalidOutputError, match="metadata"):
        task.output("m", content=b"x", metadata=metadata).check()


def test_what_a_task_writes_into_the_store_itself_is_known_by_a_listing(tmp_path, store):
    uri = f"{store.url}/ns/uid/task/0/m"
    checked = outputs.CheckedOutput(CollectOutput("m", "Model", False, None, uri))
    with pytest.raises(OutputMissingError):
        outputs.store(store, "unused", checked)
    (tmp_path / "store/ns/uid/task/0").mkdir(parents=True)
    (tmp_path / "store/ns/uid/task/0/m").write_bytes(b"x")
    record = outputs.store(store, "unused", checked)
    assert (record.artifact.uri, record.artifact.size) == (uri, 1)
    assert record.artifact.digest.startswith("listing:")


def test_what_a_task_writes_where_nothing_may_be_listed_cannot_be_verified():
    with answering(403, error("AccessDenied")) as endpoint:
        stores = stores_at(endpoint)
        declared = CollectOutput("m", "Model", False, None, f"{stores.url}/ns/uid/task/0/m")
        with pytest.raises(UnverifiableError, match=r"output 'm'.*cannot be listed"):
            outputs.store(stores, "unused", outputs.CheckedOutput(declared))
