"""The artifact store of a namespace, as its `levada-store` ConfigMap and Secret describe it."""

from __future__ import annotations

import base64

from levada.kube.client import Api
from levada.kube.errors import ApiError
from levada.kube.resource import CONFIG_MAPS, SECRETS
from levada.kube.task_pods import NOT_FOUND
from levada.planner.names import STORE_OBJECT
from levada.store.config import StoreConfig, from_mapping
from levada.store.errors import StoreMisconfiguredError


async def read_store(api: Api, namespace: str) -> StoreConfig | None:
    """The namespace's store, or None where it has none.

    Raises
    ------
    StoreMisconfiguredError
        When the settings make no sense.
    """
    try:
        settings = dict((await api.get(CONFIG_MAPS, namespace, STORE_OBJECT)).get("data", {}))
    except ApiError as error:
        if error.status == NOT_FOUND:
            return None
        raise
    try:
        secret = await api.get(SECRETS, namespace, STORE_OBJECT)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
        secret = {}
    return from_mapping(settings | {key: _text(key, value) for key, value in secret.get("data", {}).items()})


def _text(key: str, encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode()
    except ValueError:
        raise StoreMisconfiguredError(f"store settings: {key!r} in the Secret {STORE_OBJECT} is no text") from None
