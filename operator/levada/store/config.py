"""The settings of a namespace's store: the ConfigMap and Secret `levada-store`, or a file of a laptop.

Unknown keys and contradictions are refused at once, by name: a store that half works is found after hours of training.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from levada.store.errors import StoreMisconfiguredError, UriRefusedError
from levada.store.uri import parse_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
_AUTHORITY: Final = re.compile(r"https?://[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConfig:
    """Where artifacts are kept and how to get there.

    Attributes
    ----------
    url
        The root of everything that Levada writes: `s3://bucket/prefix`, `gs://...`, `az://container/prefix` or
        `file:///folder`. The credentials below serve URIs under it and, for reading, under `read_urls`; no others.
    endpoint, region, path_style
        Of an S3-compatible server; `path_style` defaults to true where there is an endpoint.
    ca_bundle
        PEM text of certificates to trust besides the system's.
    proxy
        URL of an HTTP proxy.
    anonymous
        Send no credentials at all. Without it and without keys, the Pod's own cloud identity is used.
    """

    url: str
    endpoint: str | None = None
    region: str | None = None
    path_style: bool | None = None
    ca_bundle: str | None = None
    proxy: str | None = field(default=None, repr=False)
    anonymous: bool = False
    read_urls: tuple[str, ...] = ()
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    service_account_key: str | None = field(default=None, repr=False)
    account_name: str | None = None
    account_key: str | None = field(default=None, repr=False)
    sas_token: str | None = field(default=None, repr=False)

    def scrub(self, text: str) -> str:
        """`text` without any of this store's secrets, for messages that other programs wrote."""
        secrets = (
            self.secret_access_key, self.session_token, self.service_account_key,
            self.account_key, self.sas_token, self.proxy,
        )  # fmt: skip
        for secret in filter(None, secrets):
            text = text.replace(secret, "***")
        return text


def from_mapping(settings: Mapping[str, str]) -> StoreConfig:
    """The store that `settings` describe; keys are spelled as in the ConfigMap (`pathStyle`, `accessKeyId`, ...).

    Raises
    ------
    StoreMisconfiguredError
        Naming the key and what would do; never its value where that is a secret.
    """
    given = {key: value.strip() for key, value in settings.items() if value.strip()}
    for key in given:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(_KEYS)}"
            raise StoreMisconfiguredError(f"store settings: unknown key {key!r}; {hint}")
    if "url" not in given:
        raise StoreMisconfiguredError("store settings: 'url' is missing; set it to something like s3://bucket/prefix")
    fields: dict[str, Any] = {}
    for key, value in given.items():
        attribute, read = _KEYS[key]
        try:
            fields[attribute] = read(value)
        except UriRefusedError as error:
            raise StoreMisconfiguredError(f"store settings: {key!r}: {error}") from None
        except ValueError as error:
            raise StoreMisconfiguredError(f"store settings: {key!r} {error}") from None
    config = StoreConfig(**fields)
    _check_combination(given, parse_uri(config.url).scheme)
    return config


def from_folder(folder: Path) -> StoreConfig:
    """The store described by the files of `folder`, one per key, as Kubernetes mounts a ConfigMap and a Secret."""
    try:
        files = [path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file()]
        return from_mapping({path.name: path.read_text(encoding="utf-8") for path in files})
    except (OSError, UnicodeDecodeError) as error:
        raise StoreMisconfiguredError(f"store settings: {folder} cannot be read: {error}") from None


def _check_combination(given: Mapping[str, str], scheme: str) -> None:
    for key in given:
        of = _SCHEME_OF.get(key, scheme)
        if of != scheme:
            raise StoreMisconfiguredError(
                f"store settings: {key!r} is for {of}:// but 'url' is {scheme}://; remove one"
            )
    for one, other in _PAIRS:
        if one in given and other not in given:
            raise StoreMisconfiguredError(f"store settings: {one!r} is set but {other!r} is not; set both")
    if scheme == "az" and "accountName" not in given:
        raise StoreMisconfiguredError(
            "store settings: 'accountName' is missing; az:// needs the storage account's name"
        )
    secrets = sorted(_SECRETS & given.keys())
    if secrets and given.get("anonymous", "").lower() == "true":
        raise StoreMisconfiguredError(f"store settings: 'anonymous' is true but {secrets[0]!r} is set; remove one")


def _boolean(value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise ValueError(f"is {value!r}; it must be 'true' or 'false'")
    return value.lower() == "true"


def _plain(value: str) -> str:
    """Text that can stand in a header of HTTP: the store's client does not survive another."""
    if not value.isprintable():
        raise ValueError("holds a line break or another character that cannot be printed")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("may hold letters, digits and '-' only")
    return value


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    if not _AUTHORITY.fullmatch(value) or not _has_address(value):
        raise ValueError("must name a host, and a port below 65536 if any, such as https://s3.example.org:9000")
    return value.rstrip("/")


@lru_cache(maxsize=64)  # some milliseconds each, and namespaces have their settings read again and again
def _has_address(url: str) -> bool:
    """Whether the store's client can read it; it panics at one that it cannot, so another reader would not do."""
    from obstore.store import HTTPStore  # noqa: PLC0415

    try:
        HTTPStore(url)
    except ValueError:
        return False
    return True


def _certificates(value: str) -> str:
    if "-----BEGIN CERTIFICATE-----" not in value:
        raise ValueError("must be PEM text with -----BEGIN CERTIFICATE-----")
    return value


def _json_object(value: str) -> str:
    try:
        known = isinstance(json.loads(value), dict)
    except ValueError:
        known = False
    if not known:
        raise ValueError("must be the JSON text of a service account's key")
    return value


def _store_url(value: str) -> str:
    return str(parse_uri(value))


def _store_urls(value: str) -> tuple[str, ...]:
    return tuple(map(_store_url, value.split()))


_KEYS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "url": ("url", _store_url),
    "endpoint": ("endpoint", _http_url),
    "region": ("region", _name),
    "pathStyle": ("path_style", _boolean),
    "caBundle": ("ca_bundle", _certificates),
    "proxy": ("proxy", _http_url),
    "anonymous": ("anonymous", _boolean),
    "readUrls": ("read_urls", _store_urls),
    "accessKeyId": ("access_key_id", _plain),
    "secretAccessKey": ("secret_access_key", _plain),
    "sessionToken": ("session_token", _plain),
    "serviceAccountKey": ("service_account_key", _json_object),
    "accountName": ("account_name", _name),
    "accountKey": ("account_key", _plain),
    "sasToken": ("sas_token", _plain),
}
_SCHEME_OF: Final = {
    "region": "s3",
    "pathStyle": "s3",
    "accessKeyId": "s3",
    "secretAccessKey": "s3",
    "sessionToken": "s3",
    "serviceAccountKey": "gs",
    "accountName": "az",
    "accountKey": "az",
    "sasToken": "az",
}
_PAIRS: Final = (
    ("accessKeyId", "secretAccessKey"),
    ("secretAccessKey", "accessKeyId"),
    ("sessionToken", "accessKeyId"),
)
_SECRETS: Final = frozenset(
    {"accessKeyId", "secretAccessKey", "sessionToken", "serviceAccountKey", "accountKey", "sasToken"}
)
