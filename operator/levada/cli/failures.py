"""What went wrong, in a sentence and an exit code: the one place that turns exceptions into words for people."""

from levada.cli.exits import CommandError, Exit

_NOT_FOUND = 404
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_CONFLICT = 409
_SERVER_TROUBLE = 500


def explain(error: BaseException) -> CommandError | None:
    """`error` for a person; None when nobody foresaw it, and its traceback is all that helps.

    Imports what it compares with: this runs once, when something has gone wrong already.
    """
    from levada.frontend.mistakes import InvalidSpecError  # noqa: PLC0415
    from levada.kube.credentials import CredentialsError  # noqa: PLC0415
    from levada.kube.errors import ApiError, ApiUnreachableError  # noqa: PLC0415
    from levada.kube.kept import UnreadableError  # noqa: PLC0415
    from levada.local.errors import LocalError  # noqa: PLC0415
    from levada.store.errors import StoreError  # noqa: PLC0415

    if isinstance(error, CredentialsError | ApiUnreachableError):
        return CommandError(f"the cluster cannot be reached: {error}", Exit.UNREACHABLE)
    if isinstance(error, ApiError):
        return _refused(error.status, error.message or error.reason, is_object=bool(error.details.get("name")))
    if isinstance(error, LocalError):
        return CommandError(str(error), Exit(error.exit_code))
    if isinstance(error, InvalidSpecError | UnreadableError):
        return CommandError(str(error))
    if isinstance(error, StoreError):
        return CommandError(error.message, Exit.UNREACHABLE)
    if isinstance(error, ModuleNotFoundError) and error.name in ("graphlay", "jinja2", "markdown_it"):
        needed = f"this needs the package {error.name}: pip install 'levada[pictures]'"
        return CommandError(needed)
    if isinstance(error, OSError) and error.filename is not None:
        return CommandError(f"{error.filename}: {(error.strerror or str(error)).lower()}", Exit.UNREACHABLE)
    return None


def _refused(status: int, message: str, *, is_object: bool) -> CommandError:
    if status >= _SERVER_TROUBLE:
        return CommandError(f"the cluster cannot answer: {message}", Exit.UNREACHABLE)
    if status == _UNAUTHORIZED:
        cure = "log in again, or choose another --context"
        return CommandError(f"the cluster does not know who you are ({message}): {cure}", Exit.UNREACHABLE)
    if status == _FORBIDDEN:
        return CommandError(f"you may not do this in the cluster: {message}")
    if status == _NOT_FOUND and not is_object:
        return CommandError(f"Levada's kinds are not in this cluster: install its chart first ({message})")
    if status == _CONFLICT:
        return CommandError(f"somebody else wrote this too: {message}")
    return CommandError(f"the cluster refused: {message}")
