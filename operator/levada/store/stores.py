"""Opening stores: which credentials serve which URI."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, S3Store

from levada.planner.locations import is_of_a_run
from levada.store.errors import StoreMisconfiguredError, UriRefusedError
from levada.store.failures import is_panic
from levada.store.uri import Uri, parse_uri

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

    from levada.store.config import StoreConfig

    ObjectStore = S3Store | GCSStore | AzureStore | LocalStore

PATIENCE: Final = 60.0
"""Seconds that one request is tried again before its store counts as unavailable."""


class Place(NamedTuple):
    """An object, or the prefix of many: `key` in `store`; `uri` is for messages."""

    store: ObjectStore
    key: str
    uri: str

    def below(self, name: str) -> Place:
        """The place of the file `name` (a relative path) of the folder that stands here."""
        return Place(self.store, f"{self.key}/{name}" if self.key else name, f"{self.uri}/{name}")


class Stores:
    """The stores that one process reaches.

    Credentials of `config` serve URIs under its `url` (for reading also under its `readUrls`) and no others: whoever
    writes a run could otherwise read with the store's eyes. Other URIs are opened without credentials.

    Parameters
    ----------
    config
        The namespace's store; None where there is none and only public URIs are read.
    ambient
        Open other URIs with the identity that the process has from its surroundings (a Pod's cloud identity, `AWS_*`
        variables of a laptop) rather than with none. Never for the operator: it would lend its own identity.
    any_file
        Whether `file://` URIs outside of `config` may be read: on a laptop only.
    patience
        Seconds that one request is tried again before its store counts as unavailable.
    home
        The folder of the namespace for which is read (a URI). Namespaces may share a store and its keys: what the runs
        of others have made there is read only if `readUrls` names it.
    """

    def __init__(
        self,
        config: StoreConfig | None,
        *,
        ambient: bool = False,
        any_file: bool = False,
        patience: float = PATIENCE,
        home: str | None = None,
    ) -> None:
        self._config = config
        self._root = parse_uri(config.url) if config else None
        self._readable = [parse_uri(url) for url in config.read_urls] if config else []
        self._ambient = ambient
        self._any_file = any_file
        self._patience = patience
        self._home = parse_uri(home) if home else None
        self._opened: dict[tuple[str, str, bool], ObjectStore] = {}

    def reading(self, uri: str) -> Place:
        """The place to read `uri` from.

        Raises
        ------
        UriRefusedError
            When `uri` is malformed or may not be read from here.
        """
        parsed = parse_uri(uri)
        ours = self._root is not None and any(parsed.is_under(root) for root in (self._root, *self._readable))
        if parsed.scheme == "file" and not (ours or self._any_file):
            raise UriRefusedError(f"{uri} is a file outside of the store; upload it, or list its folder in 'readUrls'")
        if self._is_anothers(parsed):
            raise UriRefusedError(f"{uri} was made by a run of another namespace; to read it, list it in 'readUrls'")
        return Place(self._open(parsed, ours=ours), parsed.key, uri.rstrip("/"))

    def _is_anothers(self, uri: Uri) -> bool:
        root, home = self._root, self._home
        if root is None or home is None or not uri.is_under(root) or uri.is_under(home):
            return False
        place = uri.key.removeprefix(root.key).strip("/")
        return is_of_a_run(place) and not any(uri.is_under(readable) for readable in self._readable)

    @property
    def url(self) -> str | None:
        """Where the configured store is."""
        return self._config.url if self._config else None

    def writing(self, uri: str) -> Place:
        """The place to write `uri` to, which must stand below the store's `url`."""
        parsed = parse_uri(uri)
        if self._root is None or parsed == self._root or not parsed.is_under(self._root):
            where = f"the store's url {self._root}" if self._root else "any store: none is configured"
            raise UriRefusedError(f"{uri} is not below {where}")
        return Place(self._open(parsed, ours=True), parsed.key, uri.rstrip("/"))

    def scrub(self, text: str) -> str:
        """`text` without the store's secrets."""
        return self._config.scrub(text) if self._config else text

    def _open(self, uri: Uri, *, ours: bool) -> ObjectStore:
        kept = (uri.scheme, uri.bucket, ours)
        if kept not in self._opened:
            try:
                self._opened[kept] = self._build(uri, self._config if ours else None)
            except BaseException as error:
                if not (isinstance(error, ValueError | TypeError | OSError | BaseError) or is_panic(error)):
                    raise
                text = self.scrub(str(error).partition("\n")[0])
                raise StoreMisconfiguredError(f"the store of {uri} cannot be opened: {text}") from None
        return self._opened[kept]

    def _build(self, uri: Uri, config: StoreConfig | None) -> ObjectStore:
        if uri.scheme == "file":
            return LocalStore("/")
        common: dict[str, Any] = {"retry_config": self._retries(), "client_options": self._client(config)}
        if config.anonymous if config else not self._ambient:
            common["skip_signature"] = True
        if config and config.endpoint:
            common["endpoint"] = config.endpoint
        settings = _SETTINGS[uri.scheme](config) if config else {}
        common.update({key: value for key, value in settings.items() if value is not None})
        if uri.scheme == "s3":
            return S3Store(uri.bucket, **common)
        if uri.scheme == "gs":
            return GCSStore(uri.bucket, **common)
        if config is None:
            raise UriRefusedError("an az:// URI needs an accountName, so it must stand under 'url' or 'readUrls'")
        return AzureStore(uri.bucket, **common)

    def _retries(self) -> RetryConfig:
        # Time bounds the retries, not their count: with jitter ten of them may be over in two seconds.
        return {
            "max_retries": 1000,
            "retry_timeout": timedelta(seconds=self._patience),
            "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5), "base": 2},
        }

    def _client(self, config: StoreConfig | None) -> ClientConfig:
        options: ClientConfig = {
            "connect_timeout": timedelta(seconds=min(5.0, self._patience)),
            # Of one read, not of the whole body, which `timeout` bounds and may take hours.
            "read_timeout": timedelta(seconds=min(PATIENCE, self._patience)),
            "timeout": timedelta(days=2),
            "user_agent": "levada",
        }
        if config and config.endpoint and config.endpoint.startswith("http://"):
            options["allow_http"] = True
        if config and config.ca_bundle:
            options["root_certificate"] = config.ca_bundle
        if config and config.proxy:
            options["proxy_url"] = config.proxy
        return options


def _s3(config: StoreConfig) -> dict[str, Any]:
    path_style = config.endpoint is not None if config.path_style is None else config.path_style
    return {
        "region": config.region or ("us-east-1" if config.endpoint else None),
        "virtual_hosted_style_request": not path_style,
        "access_key_id": config.access_key_id,
        "secret_access_key": config.secret_access_key,
        "session_token": config.session_token,
    }


def _gs(config: StoreConfig) -> dict[str, Any]:
    return {"service_account_key": config.service_account_key}


def _az(config: StoreConfig) -> dict[str, Any]:
    return {
        "account_name": config.account_name,
        "account_key": config.account_key,
        "sas_key": config.sas_token,
    }


_SETTINGS: Final = {"s3": _s3, "gs": _gs, "az": _az}
