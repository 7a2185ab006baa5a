import pytest

from levada.store.config import from_mapping
from levada.store.stores import Stores


@pytest.fixture
def store(tmp_path):
    """A folder as the namespace's store; its URI is `store.url`."""
    (tmp_path / "store").mkdir()
    return Stores(from_mapping({"url": (tmp_path / "store").as_uri()}))
