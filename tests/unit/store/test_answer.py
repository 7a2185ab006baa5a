"""What an executor of Kubeflow's says it made: all of it counts, and nothing leads out of the attempt's folders."""

import json

import pytest

from levada.planner.handoff import NOTHING, CollectOutput
from levada.store import outputs
from levada.store.errors import StoreError
from levada.store.outputs import METADATA_LIMIT

TOLD = "s3://bucket/ns/uid/task/0"


@pytest.fixture
def executor(tmp_path):
    return Executor(tmp_path / "outputs")


class Executor:
    """What an executor would have left in its folders."""

    def __init__(self, folder, told=TOLD):
        self.folder = folder
        self.answer = folder / "output_metadata.json"
        self.declared = [
            CollectOutput(
                "n", "Integer", True, str(folder / "parameters" / "n"), told=str(folder / "parameters" / "n")
            ),
            CollectOutput("model", "Model", False, str(folder / "model"), told=f"{told}/model"),
        ]
        self.homes = outputs.prepare(self.declared, str(self.answer))
        self.write("parameters/n", "1")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def says(self, answer):
        self.answer.write_text(answer if isinstance(answer, str) else json.dumps(answer))
        return self

    def says_of_model(self, **said):
        return self.says({"artifacts": {"model": {"artifacts": [said]}}})

    def check(self):
        return {item.declared.name: item for item in outputs.check(self.declared, self.homes, str(self.answer))}


def test_an_executor_need_not_answer_nor_make_its_artifact(executor):
    checked = executor.check()
    assert (checked["n"].text, checked["model"].found) == ("1", None)
    record = outputs.store(None, TOLD, checked["model"]).artifact
    assert (record.digest, record.files) == (NOTHING, 0)


@pytest.mark.parametrize("name", ["parameterValues", "parameter_values"])
def test_a_value_in_the_answer_counts_before_the_file(executor, name):
    assert executor.says({name: {"n": 7.0}}).check()["n"].text == "7"


def test_null_in_the_answer_leaves_the_file_to_count(executor):
    assert executor.says({"parameterValues": {"n": None}}).check()["n"].text == "1"


@pytest.mark.parametrize("value", ["seven", "7", 1.5, True, [1]])
def test_a_value_of_another_kind_is_refused(executor, value):
    with pytest.raises(StoreError, match="output 'n'"):
        executor.says({"parameterValues": {"n": value}}).check()


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("{", "output_metadata.json"),
        ("[]", "output_metadata.json"),
        ("[" * 100_000, "output_metadata.json"),
        ({"parameters": {}, "outputs": {}}, "unknown field 'outputs'"),
        ({"parameterValues": []}, None),
        ({"parameterValues": [1]}, "are JSON objects"),
        ({"artifacts": {"model": []}}, "expected a JSON object"),
        ({"artifacts": {"model": {"artifacts": {"uri": "x"}}}}, "is no list"),
        ({"artifacts": {"model": {"artifacts": ["x"]}}}, "expected a JSON object"),
        ({"artifacts": {"model": {"artifacts": [{"path": "x"}]}}}, "unknown field 'path'"),
        ({"artifacts": {"model": {"artifacts": [{"uri": 5}]}}}, "its uri is no text"),
        ({"artifacts": {"model": {"artifacts": [{"uri": "model"}]}}}, "neither a URI"),
        ({"artifacts": {"model": {"artifacts": [{"customPath": ["/a"]}]}}}, "its customPath is no text"),
        ({"artifacts": {"model": {"artifacts": [{"custom_path": "model.pt"}]}}}, "'model.pt' is relative"),
        ({"artifacts": {"model": {"artifacts": [{"metadata": [1]}]}}}, "its metadata is no JSON object"),
        ({"artifacts": {"model": {"artifacts": [{"metadata": {"a": "x" * METADATA_LIMIT}}]}}}, "its metadata has"),
        ({"parameterValues": {"other": "x" * (3 << 20)}}, "bytes, more than"),
    ],
)
def test_an_answer_that_is_none_is_refused_with_its_cause(executor, answer, complaint):
    executor.says(answer)
    if complaint is None:  # Empty, of whatever kind: nothing is said.
        assert executor.check()["n"].text == "1"
    else:
        with pytest.raises(StoreError, match=complaint):
            executor.check()


def test_an_answer_that_is_a_folder_is_refused(executor):
    executor.answer.mkdir()
    with pytest.raises(StoreError, match="is a folder"):
        executor.check()


def test_an_answer_that_leads_out_of_its_folder_is_refused(executor, tmp_path):
    (tmp_path / "secret.json").write_text('{"parameterValues": {"n": 5}}')
    executor.answer.symlink_to(tmp_path / "secret.json")
    with pytest.raises(StoreError, match=r"output_metadata\.json"):
        executor.check()


def test_metadata_of_the_answer_is_noted(executor):
    executor.write("model", "weights")
    checked = executor.says_of_model(name="x", type={}, metadata={"auc": 0.5}).check()["model"]
    assert (checked.metadata, checked.size) == ({"auc": 0.5}, 7)


@pytest.mark.parametrize("name", ["customPath", "custom_path"])
def test_a_path_of_the_executors_own_takes_the_place_of_the_artifacts(executor, name):
    executor.write("model", "no")
    own = executor.write("other/model.pt", "longer")
    assert executor.says_of_model(**{name: str(own)}).check()["model"].size == 6


@pytest.mark.parametrize("field", ["customPath", "uri"])
def test_a_path_outside_of_the_attempts_folders_is_refused(executor, tmp_path, field):
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(StoreError, match="is outside of"):
        executor.says_of_model(**{field: str(tmp_path / "secret")}).check()


def test_a_link_inside_that_leads_outside_is_refused(executor, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").write_text("secret")
    (executor.folder / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="is outside of"):
        executor.says_of_model(customPath=str(executor.folder / "link" / "secret")).check()


def test_the_uri_that_the_executor_was_told_is_the_artifacts_own_path(executor):
    executor.write("model", "weights")
    checked = executor.says_of_model(uri=f"{TOLD}/model").check()["model"]
    assert (checked.size, checked.elsewhere) == (7, None)


def test_a_uri_without_a_local_form_is_where_the_artifact_stands(executor):
    checked = executor.says_of_model(uri="https://example.com/model", metadata={"a": 1}).check()["model"]
    record = outputs.store(None, TOLD, checked).artifact
    assert (record.uri, record.digest, record.metadata) == ("https://example.com/model", None, {"a": 1})


def test_a_uri_of_the_store_means_its_local_form_where_there_is_one(executor):
    with pytest.raises(StoreError, match="/gcs/other/model is outside of"):
        executor.says_of_model(uri="gs://other/model").check()
