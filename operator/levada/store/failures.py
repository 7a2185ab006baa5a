"""Errors of obstore and of the disk, put into our own words: what happened, whose trouble it is, what helps."""

from __future__ import annotations

import errno
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from obstore import exceptions

from levada.store.errors import (
    DigestMismatchError,
    DiskFullError,
    InputGoneError,
    StoreDeniedError,
    StoreError,
    StoreMisconfiguredError,
    StoreUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from levada.store.stores import Stores

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_DENIED: Final = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
_REVOKED: Final = "status code: 400 .*(invalid_grant|ExpiredToken|InvalidToken|TokenRefreshRequired)"
"""How keys are denied that were good once: as if the request made no sense."""
_LONGEST: Final = 300


@contextmanager
def asking(stores: Stores, uri: str) -> Iterator[None]:
    """Run requests about `uri`, translating their errors; nothing else belongs inside."""
    try:
        yield
    except (FileNotFoundError, ValueError, exceptions.BaseError) as error:
        raise _translate(error, uri, stores.scrub(_text(error))) from None
    except BaseException as error:
        if not is_panic(error):
            raise
        text = _shortened(stores.scrub(_text(error)))
        raise StoreMisconfiguredError(f"{uri}: the store's settings cannot be used; check each ({text})") from None


def is_panic(error: BaseException) -> bool:
    """Whether obstore's own program has failed. It is no Exception: let through, it ends all that a process does."""
    return type(error).__module__ == "pyo3_runtime"


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Write below `path` on the local disk, telling a full disk from the rest."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(f"no space left where {path} is written; give the volume more room") from None
        raise


def _translate(error: Exception, uri: str, said: str) -> StoreError:
    text = _shortened(said)
    if re.search("NoSuchBucket|InvalidBucketName|ContainerNotFound|bucket does not exist", said):
        return StoreMisconfiguredError(f"{uri}: the bucket does not exist; create it or correct the store's 'url'")
    if isinstance(error, FileNotFoundError):
        return InputGoneError(f"nothing stands at {uri}")
    if isinstance(error, exceptions.PreconditionError):
        return DigestMismatchError(f"{uri} changed while it was read")
    if isinstance(error, _DENIED) or "os error 13" in said or re.search(_REVOKED, said):
        return StoreDeniedError(f"{uri}: the store denies access; check its credentials and their rights ({text})")
    if "169.254.169.254" in said or "metadata.google" in said or "redential" in said:
        return StoreDeniedError(f"{uri}: no usable credentials; set them in the store's Secret ({text})")
    if any(f"os error {number}" in said for number in _FULL):
        return DiskFullError(f"{uri}: no space left in the store")
    if isinstance(error, ValueError) or re.search(r"status code: (?!408|429)[34]\d\d", said):
        return StoreMisconfiguredError(f"{uri}: the store refuses the request; check its settings ({text})")
    return StoreUnavailableError(f"{uri}: the store does not answer properly ({text})")


def _text(error: BaseException) -> str:
    """The first part of obstore's text, with S3's XML reduced to its code and message."""
    text = str(error).partition("\n\nDebug source")[0]
    code, said = (re.search(f"<{tag}>([^<]*)</{tag}>", text) for tag in ("Code", "Message"))
    head = text.partition("<?xml")[0].partition("<Error>")[0]
    if code or said:
        head += ": ".join(found.group(1) for found in (code, said) if found)
    return " ".join(head.split())


def _shortened(text: str) -> str:
    """So much of `text` as a message holds; secrets are out of it by now, for half of one would not be found."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
