"""Settings: read, checked, and every mistake named at once."""

from datetime import timedelta

import pytest

from levada.handlers import settings
from levada.handlers.settings import Settings, SettingsError

IMAGE = {"LEVADA_AGENT_IMAGE": "levada:1"}


def test_one_variable_is_enough(monkeypatch):
    monkeypatch.setattr(settings, "_own_namespace", lambda: "levada-system")
    read = Settings.from_environment({**IMAGE, "POD_NAME": "levada-0"})
    assert read == Settings(agent_image="levada:1", pod_namespace="levada-system", pod_name="levada-0")


def test_all_of_them():
    read = Settings.from_environment({
        **IMAGE,
        "LEVADA_NAMESPACES": "b, a,,a",
        "LEVADA_IMAGE_PULL_POLICY": "Never",
        "LEVADA_POD_SECURITY": "restricted",
        "LEVADA_RUN_AS_USER": "1000",
        "LEVADA_RUN_AS_GROUP": "1001",
        "LEVADA_ALLOWED_SERVICE_ACCOUNTS": "trainer",
        "LEVADA_ALLOWED_SECRETS": "one,two",
        "LEVADA_AGENT_RESOURCES": '{"requests": {"cpu": 1, "memory": "64Mi"}}',
        "LEVADA_WORKERS": "3",
        "LEVADA_PARALLELISM": "500",
        "LEVADA_LOG_LEVEL": "debug",
        "POD_NAMESPACE": "here",
        "POD_NAME": "me",
        "LEVADA_HTTP_PORT": "9000",
        "LEVADA_TTL_AFTER_FINISHED": "7d",
        "LEVADA_POD_CLEANUP": "OnSuccess",
        "LEVADA_SWEEP_EVERY": "1m30s",
    })  # fmt: skip
    assert read == Settings(
        "levada:1", ("b", "a"), "Never", "restricted", 1000, 1001, ("trainer",), ("one", "two"),
        {"requests": {"cpu": "1", "memory": "64Mi"}}, 3, 500, "DEBUG", "here", "me", 9000,
        timedelta(days=7), "OnSuccess", timedelta(seconds=90),
    )  # fmt: skip


def test_an_empty_variable_is_an_absent_one():
    read = Settings.from_environment({**IMAGE, "LEVADA_WORKERS": "", "LEVADA_NAMESPACES": " "})
    assert (read.workers, read.namespaces) == (8, ())


def test_no_limit_of_attempts_is_0_or_nothing():
    assert Settings.from_environment({**IMAGE, "LEVADA_PARALLELISM": "0"}).parallelism is None
    assert Settings.from_environment(IMAGE).parallelism is None


def test_every_mistake_is_named_at_once():
    wrong = {
        "LEVADA_IMAGE_PULL_POLICY": "Sometimes",
        "LEVADA_POD_SECURITY": "privileged",
        "LEVADA_RUN_AS_USER": "root",
        "LEVADA_RUN_AS_GROUP": "0",
        "LEVADA_WORKERS": "-1",
        "LEVADA_PARALLELISM": "many",
        "LEVADA_LOG_LEVEL": "LOUD",
        "LEVADA_AGENT_RESOURCES": "{",
        "LEVADA_HTTP_PORT": "tcp://10.0.0.1:80",
        "LEVADA_TTL_AFTER_FINISHED": "a week",
        "LEVADA_POD_CLEANUP": "Always",
        "LEVADA_SWEEP_EVERY": "0s",
    }
    with pytest.raises(SettingsError) as error:
        Settings.from_environment(wrong)
    assert len(error.value.mistakes) == len(wrong) + 1
    for name in (*wrong, "LEVADA_AGENT_IMAGE"):
        assert sum(mistake.startswith(name) for mistake in error.value.mistakes) == 1, name
    assert "one of Always, IfNotPresent, Never" in str(error.value)


@pytest.mark.parametrize(
    "text", ["[]", '{"request": {}}', '{"limits": 5}', '{"limits": {"cpu": true}}', '{"limits": {"cpu": {}}}', "1"]
)
def test_resources_that_are_none(text):
    with pytest.raises(SettingsError, match="must be JSON such as"):
        Settings.from_environment({**IMAGE, "LEVADA_AGENT_RESOURCES": text})
