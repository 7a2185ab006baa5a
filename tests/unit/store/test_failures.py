"""What a store's answers mean: whose trouble it is and what helps, and never a secret."""

import socket

import pytest

from levada.store.config import StoreConfig
from levada.store.errors import (
    DiskFullError,
    InputGoneError,
    StoreDeniedError,
    StoreMisconfiguredError,
    StoreUnavailableError,
    TooLargeError,
)
from levada.store.failures import writing_to
from levada.store.objects import get_bytes, put_bytes
from levada.store.stores import Stores
from unit.store.s3_stub import SECRET, answering, error, stores_at

URI = "s3://bucket/root/a"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", InputGoneError),
        (404, "NoSuchBucket", StoreMisconfiguredError),
        (403, "AccessDenied", StoreDeniedError),
        (403, "InvalidAccessKeyId", StoreDeniedError),
        (403, "SignatureDoesNotMatch", StoreDeniedError),
        (401, "Unauthorized", StoreDeniedError),
        (400, "ExpiredToken", StoreDeniedError),
        (400, "InvalidToken", StoreDeniedError),
        (400, "AuthorizationHeaderMalformed", StoreMisconfiguredError),
        (500, "InternalError", StoreUnavailableError),
        (503, "SlowDown", StoreUnavailableError),
        (429, "TooManyRequests", StoreUnavailableError),
    ],
)
def test_an_answer_to_a_read_is_translated(status, code, kind):
    with answering(status, error(code)) as endpoint, pytest.raises(kind) as caught:
        get_bytes(stores_at(endpoint), URI, 100)
    assert type(caught.value) is kind
    assert URI in str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", StoreDeniedError),
        (404, "NoSuchBucket", StoreMisconfiguredError),
        (503, "SlowDown", StoreUnavailableError),
    ],
)
def test_an_answer_to_a_write_is_translated(status, code, kind):
    with answering(status, error(code)) as endpoint, pytest.raises(kind):
        put_bytes(stores_at(endpoint), URI, b"x")


def test_a_key_that_google_has_revoked_is_denied():
    said = b'{"error":"invalid_grant","error_description":"Invalid JWT Signature."}'
    with answering(400, said) as endpoint, pytest.raises(StoreDeniedError, match="Invalid JWT Signature"):
        get_bytes(stores_at(endpoint), URI, 100)


def test_a_denial_is_known_however_long_the_uri_before_it_is():
    with answering(400, error("ExpiredToken")) as endpoint, pytest.raises(StoreDeniedError) as caught:
        get_bytes(stores_at(endpoint), f"{URI}{'/a' * 200}", 100)
    assert len(str(caught.value)) < 1000


def test_a_name_that_sounds_like_a_denial_is_none():
    with answering(400, error("Invalid")) as endpoint, pytest.raises(StoreMisconfiguredError):
        get_bytes(stores_at(endpoint), f"{URI}/ExpiredToken", 100)


def test_the_stores_own_words_are_told_without_its_xml():
    with (
        answering(403, error("AccessDenied", "no list for you")) as endpoint,
        pytest.raises(StoreDeniedError) as caught,
    ):
        get_bytes(stores_at(endpoint), URI, 100)
    assert "AccessDenied: no list for you" in str(caught.value)
    assert "<" not in str(caught.value)


def test_a_secret_that_the_store_repeats_is_not_shown():
    with (
        answering(400, error("Invalid", f"key {SECRET}")) as endpoint,
        pytest.raises(StoreMisconfiguredError) as caught,
    ):
        get_bytes(stores_at(endpoint), URI, 100)
    assert SECRET not in str(caught.value)
    assert "***" in str(caught.value)


def test_a_secret_where_the_stores_words_are_cut_is_not_shown_by_half():
    with answering(400, error("Invalid", SECRET * 30)) as endpoint, pytest.raises(StoreMisconfiguredError) as caught:
        get_bytes(stores_at(endpoint), URI, 100)
    assert SECRET[:4] not in str(caught.value)


def test_a_server_that_is_not_there_is_unavailable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(StoreUnavailableError):
            get_bytes(stores_at(f"http://127.0.0.1:{free.getsockname()[1]}"), URI, 100)


@pytest.mark.threat(
    "a namespace's store settings end the operator",
    holds="they are refused by key; a panic is an error of that namespace alone",
)
def test_settings_that_the_stores_program_does_not_survive_are_an_error_like_others():
    """Such are refused when they are read; should some pass, its panic must not end the process."""
    stores = Stores(StoreConfig(url="s3://bucket/root", region="eu\nwest", access_key_id="a", secret_access_key=SECRET))
    with pytest.raises(StoreMisconfiguredError, match="check each"):
        put_bytes(stores, URI, b"x")


def test_what_is_too_large_is_not_read():
    with answering(200, b"x" * 101) as endpoint, pytest.raises(TooLargeError, match="101"):
        get_bytes(stores_at(endpoint), URI, 100)


def test_a_full_disk_is_told_from_other_trouble_of_the_disk(tmp_path):
    with pytest.raises(DiskFullError), writing_to(tmp_path):
        open("/dev/full", "wb", buffering=0).write(b"x")  # noqa: PTH123, SIM115  # a device that is always full
    with pytest.raises(IsADirectoryError), writing_to(tmp_path):
        tmp_path.open("wb")
