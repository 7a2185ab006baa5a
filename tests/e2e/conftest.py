"""Fixtures of the tests that use the whole cluster."""

import pytest
from obstore.store import S3Store

BASE_IMAGE = "levada-base:test"


@pytest.fixture(scope="session")
def base_image() -> str:
    """sh and python3; imported into the node, so it is never pulled."""
    return BASE_IMAGE


@pytest.fixture(scope="session")
def bucket(cluster) -> S3Store:
    """The cluster's bucket, as this machine reaches it."""
    if cluster.store is None:
        pytest.skip("left out, tests on the store: LEVADA_TEST_STORE names no settings for the given cluster")
    settings = cluster.store
    return S3Store(
        settings["url"].removeprefix("s3://"),
        endpoint=settings["endpoint"],
        region=settings["region"],
        access_key_id=settings["accessKeyId"],
        secret_access_key=settings["secretAccessKey"],
        virtual_hosted_style_request=not settings["pathStyle"],
        client_options={"allow_http": True},
    )
