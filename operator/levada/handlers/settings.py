"""The operator's settings, from environment variables. All mistakes are reported at once."""

import json
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from levada.api.fields import DURATION, seconds
from levada.api.policies import PodCleanup
from levada.planner.settings import ImageRewrite

T = TypeVar("T")
PullPolicy = Literal["Always", "IfNotPresent", "Never"]
PodSecurity = Literal["baseline", "restricted"]

_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_LARGEST_ID = 2**31 - 1
_LARGEST_PORT = 65535
_MOST_ATTEMPTS = 1_000_000


class SettingsError(Exception):
    """One or more environment variables are wrong.

    Attributes
    ----------
    mistakes
        One sentence for each.
    """

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("wrong settings:\n" + "\n".join(f"  {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class Settings:
    """What the chart (or whoever starts the operator) decides.

    Attributes
    ----------
    agent_image
        The image of the agent in task Pods: the operator's own.
    namespaces
        Where to work; everywhere when empty.
    image_pull_policy
        For the agent.
    pod_security
        Which Pod Security profile task Pods meet.
    run_as_user, run_as_group
        For all containers of task Pods, in the restricted profile.
    allowed_service_accounts, allowed_secrets
        What runs may name.
    agent_resources
        Requests and limits of the agent.
    workers
        How many runs are worked on side by side.
    parallelism
        How many attempts may be under way at once, those of all runs together; None for no limit.
    log_level
        `DEBUG` to `ERROR`.
    pod_namespace, pod_name
        Where the operator itself runs; the lease lives there.
    http_port
        For probes and metrics.
    ttl_after_finished, pod_cleanup
        What holds for runs that do not say it themselves; a time of None is for ever.
    sweep_every
        How often the stores are searched for what runs that are gone have left.
    image_rewrites
        Other names for images of tasks; the first that fits counts.
    task_env
        Variables that every task gets which does not set them itself.
    """

    agent_image: str
    namespaces: tuple[str, ...] = ()
    image_pull_policy: PullPolicy = "IfNotPresent"
    pod_security: PodSecurity = "baseline"
    run_as_user: int = 65532
    run_as_group: int = 65532
    allowed_service_accounts: tuple[str, ...] = ()
    allowed_secrets: tuple[str, ...] = ()
    agent_resources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    workers: int = 8
    parallelism: int | None = None
    log_level: str = "INFO"
    pod_namespace: str = "default"
    pod_name: str = "levada"
    http_port: int = 8080
    ttl_after_finished: timedelta | None = None
    pod_cleanup: str = "Never"
    sweep_every: timedelta = timedelta(minutes=10)
    image_rewrites: tuple[ImageRewrite, ...] = ()
    task_env: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings.

        Parameters
        ----------
        environment
            `os.environ`. A variable that is empty counts as absent.

        Raises
        ------
        SettingsError
            Naming every variable that is wrong, and what it should be.
        """
        read = _Reader(environment)
        settings = cls(
            agent_image=read("LEVADA_AGENT_IMAGE", _text, ""),
            namespaces=read("LEVADA_NAMESPACES", _names, ()),
            image_pull_policy=cast("PullPolicy", read("LEVADA_IMAGE_PULL_POLICY", _one_of(PullPolicy), "IfNotPresent")),
            pod_security=cast("PodSecurity", read("LEVADA_POD_SECURITY", _one_of(PodSecurity), "baseline")),
            run_as_user=read("LEVADA_RUN_AS_USER", _number(1, _LARGEST_ID), 65532),
            run_as_group=read("LEVADA_RUN_AS_GROUP", _number(1, _LARGEST_ID), 65532),
            allowed_service_accounts=read("LEVADA_ALLOWED_SERVICE_ACCOUNTS", _names, ()),
            allowed_secrets=read("LEVADA_ALLOWED_SECRETS", _names, ()),
            agent_resources=read("LEVADA_AGENT_RESOURCES", _resources, {}),
            workers=read("LEVADA_WORKERS", _number(1, 256), 8),
            parallelism=read("LEVADA_PARALLELISM", _number(0, _MOST_ATTEMPTS), 0) or None,
            log_level=read("LEVADA_LOG_LEVEL", _level, "INFO"),
            pod_namespace=read("POD_NAMESPACE", _text, "") or _own_namespace(),
            pod_name=read("POD_NAME", _text, "") or socket.gethostname(),
            http_port=read("LEVADA_HTTP_PORT", _number(0, _LARGEST_PORT), 8080),
            ttl_after_finished=read("LEVADA_TTL_AFTER_FINISHED", _duration, None),
            pod_cleanup=read("LEVADA_POD_CLEANUP", _one_of(PodCleanup), "Never"),
            sweep_every=read("LEVADA_SWEEP_EVERY", _pause, timedelta(minutes=10)),
            image_rewrites=read("LEVADA_IMAGE_REWRITES", _rewrites, ()),
            task_env=read("LEVADA_TASK_ENV", _variables, {}),
        )
        if not settings.agent_image:
            read.mistakes.append("LEVADA_AGENT_IMAGE is not set: it names the image of the agent in task Pods")
        if read.mistakes:
            raise SettingsError(read.mistakes)
        return settings


class _Reader:
    """Reads variables one by one and remembers the mistakes."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.mistakes: list[str] = []

    def __call__(self, name: str, parse: Callable[[str], T], default: T) -> T:
        text = self._environment.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.mistakes.append(f"{name}={text!r}: {error}")
            return default


def _text(text: str) -> str:
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"must be a number from {least} to {most}")
        return int(text)

    return parse


def _duration(text: str) -> timedelta:
    if not re.fullmatch(DURATION, text):
        raise ValueError("must be a duration such as 90s, 12h or 7d")
    return timedelta(seconds=seconds(text))


def _pause(text: str) -> timedelta:
    pause = _duration(text)
    if not pause:
        raise ValueError("must be longer than nothing")
    return pause


def _one_of(literal: Any) -> Callable[[str], str]:
    values: tuple[str, ...] = literal.__args__

    def parse(text: str) -> str:
        if text not in values:
            raise ValueError(f"must be one of {', '.join(values)}")
        return text

    return parse


def _level(text: str) -> str:
    return _one_of(Literal["DEBUG", "INFO", "WARNING", "ERROR"])(text.upper())


def _resources(text: str) -> Mapping[str, Mapping[str, str]]:
    """Requests and limits, as in a container: `{"requests": {"cpu": "50m"}, "limits": {"memory": "128Mi"}}`."""
    expected = 'must be JSON such as {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}'
    value = _json(text, expected)
    if not isinstance(value, dict) or value.keys() - {"requests", "limits"}:
        raise ValueError(expected)
    if not all(isinstance(part, dict) for part in value.values()):
        raise ValueError(expected)
    amounts = [amount for part in value.values() for amount in part.values()]
    if not all(isinstance(amount, str | int | float) and not isinstance(amount, bool) for amount in amounts):
        raise ValueError(expected)
    return {kind: {name: str(amount) for name, amount in part.items()} for kind, part in value.items()}


def _rewrites(text: str) -> tuple[ImageRewrite, ...]:
    """Other names of images: `[{"from": "docker.io/*", "to": "registry.example.com/*"}]`."""
    expected = 'must be JSON such as [{"from": "python:*", "to": "registry.example.com/python:*"}]'
    value = _json(text, expected)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(expected)
    return tuple(_rewrite(item, expected) for item in value)


def _rewrite(item: Mapping[str, Any], expected: str) -> ImageRewrite:
    if item.keys() != {"from", "to"}:
        raise ValueError(expected)
    named, becomes = item["from"], item["to"]
    if not (isinstance(named, str) and isinstance(becomes, str) and named and becomes.rstrip("*")):
        raise ValueError(expected)
    for name in (named, becomes):
        if "*" in name[:-1] or any(character.isspace() for character in name):
            raise ValueError(f"{name!r}: an image's name, which may have one * and that at its end")
    if becomes.endswith("*") and not named.endswith("*"):
        raise ValueError(f"{becomes!r}: the * stands for nothing, since {named!r} has none")
    return ImageRewrite(named, becomes)


def _variables(text: str) -> Mapping[str, str]:
    """Variables of every task: `{"PIP_INDEX_URL": "https://pypi.example.com/simple"}`."""
    expected = 'must be JSON such as {"PIP_INDEX_URL": "https://pypi.example.com/simple"}, with texts as values'
    value = _json(text, expected)
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ValueError(expected)
    for name in value:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"{name!r} is no name for a variable: letters, digits and _, not beginning with a digit")
        if name.startswith("LEVADA_"):
            raise ValueError(f"{name!r}: names that begin with LEVADA_ are Levada's own")
    return value


def _json(text: str, expected: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(expected) from None


def _own_namespace() -> str:
    try:
        return _NAMESPACE_FILE.read_text(encoding="utf-8").strip() or "default"
    except OSError:
        return "default"
