"""The agent proves that outputs can be stored before the task begins."""

import pytest

from levada.agent import work
from levada.planner.handoff import Assignment
from levada.store.config import from_mapping
from levada.store.errors import StoreChangedError
from levada.store.stores import Stores


def test_the_first_object_of_an_attempt_is_there_before_its_task(tmp_path):
    stores = Stores(from_mapping({"url": f"file://{tmp_path}/store"}))
    (tmp_path / "store").mkdir()
    work.before(stores, Assignment(f"file://{tmp_path}/store/ns/uid/task/0"))
    assert (tmp_path / "store/ns/uid/task/0/started").read_text().endswith("Z\n")


def test_a_store_other_than_the_runs_is_named_as_the_cause(tmp_path):
    stores = Stores(from_mapping({"url": f"file://{tmp_path}/new"}))
    with pytest.raises(StoreChangedError) as raised:
        work.before(stores, Assignment(f"file://{tmp_path}/old/ns/uid/task/0"))
    assert f"{tmp_path}/new" in str(raised.value)
    assert f"{tmp_path}/old" in str(raised.value)
