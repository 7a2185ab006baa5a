"""Namespaces that share a store and its keys do not read what runs of others have made there."""

import pytest

from levada.planner.locations import namespace_of
from levada.store.config import StoreConfig
from levada.store.errors import UriRefusedError
from levada.store.stores import Stores

UID = "6a7d4d4e-0b1c-4a54-9f39-0b8f0c7c3a11"
ROOT = "s3://bucket/levada"


def stores(*readable):
    return Stores(StoreConfig(url=ROOT, anonymous=True, read_urls=readable), home=f"{ROOT}/mine")


@pytest.mark.parametrize("place", [f"other/{UID}/train/0/model", f"other/{UID}", "other/=cache/entries/x"])
def test_what_runs_of_another_namespace_have_made_is_refused(place):
    with pytest.raises(UriRefusedError, match="readUrls"):
        stores().reading(f"{ROOT}/{place}")


@pytest.mark.parametrize(
    "uri",
    [
        f"{ROOT}/mine/{UID}/train/0/model",
        f"{ROOT}/data/flowers.csv",
        f"{ROOT}/data/2026/x",
        f"s3://elsewhere/other/{UID}/x",
    ],
)
def test_ones_own_and_what_no_run_has_made_is_read(uri):
    assert stores().reading(uri).uri == uri


def test_what_the_stores_settings_name_is_read():
    uri = f"{ROOT}/other/{UID}/train/0/model"
    assert stores(f"{ROOT}/other").reading(uri).uri == uri


def test_the_agent_knows_its_namespace_by_where_it_writes():
    assert namespace_of(f"{ROOT}/", f"{ROOT}/mine/{UID}/train/0") == f"{ROOT}/mine"
    assert namespace_of("s3://other", f"{ROOT}/mine/{UID}/train/0") is None
