"""The store that the chart describes to Levada."""

from __future__ import annotations

from integration.chart.rendering import store_of
from levada.store.config import from_mapping


def test_levada_understands_the_store_that_the_chart_describes(render):
    objects = render(
        "store.namespaces={a,b}", "store.url=s3://bucket/prefix", "store.endpoint=https://s3.example.com",
        "store.region=eu", "store.readUrls={s3://public/,s3://more/}", "store.proxy=http://u:p@proxy:1",
        "store.accessKeyId=common", "store.secretAccessKey=secret", "store.sessionToken=token",
        "store.credentials.b.accessKeyId=own", "store.credentials.b.secretAccessKey=other",
    )  # fmt: skip
    a, b = (from_mapping(store_of(objects, namespace)) for namespace in "ab")
    assert (a.url, a.endpoint, a.path_style) == ("s3://bucket/prefix", "https://s3.example.com", True)
    assert len(a.read_urls) == 2
    assert (a.access_key_id, a.session_token) == ("common", "token")
    assert (b.access_key_id, b.session_token) == ("own", None), "half of the common keys would open nothing"


def test_no_secret_of_the_store_stands_in_a_config_map(render):
    objects = render("store.namespaces={a}", "store.url=s3://x", "store.proxy=http://u:p@h", "store.accessKeyId=k",
                     "store.secretAccessKey=hush")  # fmt: skip
    assert objects["ConfigMap", "a", "levada-store"]["data"] == {"url": "s3://x"}


def test_a_namespace_without_keys_uses_the_pods_cloud_identity(render):
    config = from_mapping(store_of(render("store.namespaces={a}", "store.url=gs://bucket"), "a"))
    assert config.access_key_id is None
