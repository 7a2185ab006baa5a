"""Settings of a store: what is wrong is named at once, and no secret is ever shown."""

import pytest

from levada.store.config import from_folder, from_mapping
from levada.store.errors import StoreMisconfiguredError

S3 = {"url": "s3://bucket/prefix/", "accessKeyId": "id", "secretAccessKey": "very-secret"}


def fault(**settings):
    with pytest.raises(StoreMisconfiguredError) as caught:
        from_mapping(settings)
    return str(caught.value)


def test_settings_are_read_as_config_maps_hold_them():
    config = from_mapping(
        S3 | {"pathStyle": "true", "endpoint": "http://host:1/", "region": "", "readUrls": "s3://a s3://b"}
    )
    assert (config.url, config.endpoint, config.region) == ("s3://bucket/prefix", "http://host:1", None)
    assert (config.path_style, config.read_urls) == (True, ("s3://a", "s3://b"))


@pytest.mark.parametrize(
    ("settings", "signs"),
    [
        ({}, ["'url' is missing", "s3://"]),
        ({"url": "bucket/prefix"}, ["'url'", "s3://, gs://, az://"]),
        ({"url": "s3://b/../c"}, ["'url'", "'..'"]),
        ({"url": "s3://b", "acessKeyId": "x"}, ["unknown key 'acessKeyId'", "'accessKeyId'"]),
        ({"url": "s3://b", "accessKeyId": "x"}, ["'secretAccessKey' is not"]),
        ({"url": "s3://b", "pathStyle": "yes"}, ["'pathStyle'", "'true' or 'false'"]),
        ({"url": "s3://b", "endpoint": "host:9000"}, ["'endpoint'", "http://"]),
        ({"url": "s3://b", "caBundle": "/etc/ssl/ca.pem"}, ["'caBundle'", "PEM"]),
        ({"url": "gs://b", "region": "eu"}, ["'region' is for s3://"]),
        ({"url": "gs://b", "serviceAccountKey": "key.json"}, ["'serviceAccountKey'", "JSON"]),
        ({"url": "az://c"}, ["'accountName' is missing"]),
        (S3 | {"anonymous": "true"}, ["'anonymous'", "remove one"]),
        (S3 | {"region": "eu\nwest"}, ["'region'", "letters"]),
        (S3 | {"accessKeyId": "i\x01d"}, ["'accessKeyId'", "line break"]),
        (S3 | {"sessionToken": "one\ntwo"}, ["'sessionToken'", "line break"]),
        (S3 | {"endpoint": "http://host:99999"}, ["'endpoint'", "below 65536"]),
        (S3 | {"endpoint": "http://[::1"}, ["'endpoint'", "a host"]),
        (S3 | {"endpoint": "http://xn--"}, ["'endpoint'", "a host"]),
        (S3 | {"endpoint": "http://1.2.3.999"}, ["'endpoint'", "a host"]),
        (S3 | {"endpoint": "https://"}, ["'endpoint'", "a host"]),
        (S3 | {"proxy": "http://a b"}, ["'proxy'", "a host"]),
        (S3 | {"url": "s3://a b/x"}, ["'url'", "names no bucket"]),
        ({"url": "az://c", "accountName": "{}"}, ["'accountName'", "letters"]),
    ],
)
def test_a_mistake_is_named_with_its_key_and_its_cure(settings, signs):
    text = fault(**settings)
    assert all(sign in text for sign in signs), text


@pytest.mark.parametrize("key", ["secretAccessKey", "sessionToken", "accountKey", "sasToken", "serviceAccountKey"])
def test_a_secret_shows_neither_in_messages_nor_in_the_settings_own_text(key):
    for settings in (S3 | {key: "canary"}, {"url": "gs://b", key: "canary"}, {"url": "az://c", key: "canary"}):
        try:
            text = repr(from_mapping(settings))
        except StoreMisconfiguredError as error:
            text = str(error)
        assert "canary" not in text


def test_what_other_programs_say_is_scrubbed():
    assert from_mapping(S3).scrub("denied for very-secret") == "denied for ***"


def test_a_mounted_folder_is_read_without_the_links_that_kubernetes_puts_there(tmp_path):
    data = tmp_path / "..2026"
    data.mkdir()
    (data / "url").write_text("s3://bucket\n")
    (tmp_path / "..data").symlink_to(data)
    (tmp_path / "url").symlink_to("..data/url")
    assert from_folder(tmp_path).url == "s3://bucket"
    with pytest.raises(StoreMisconfiguredError, match="cannot be read"):
        from_folder(tmp_path / "nowhere")
