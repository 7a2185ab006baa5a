"""Settings: read, checked, and every mistake named at once."""

from datetime import timedelta

import pytest

from levada.handlers import settings
from levada.handlers.settings import Settings, SettingsError
from levada.planner.settings import ImageRewrite

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
        "LEVADA_IMAGE_REWRITES": '[{"from": "python:*", "to": "mirror/python:*"}, {"from": "*", "to": "one"}]',
        "LEVADA_TASK_ENV": '{"PIP_INDEX_URL": "https://pypi.example.com"}',
    })  # fmt: skip
    assert read == Settings(
        "levada:1", ("b", "a"), "Never", "restricted", 1000, 1001, ("trainer",), ("one", "two"),
        {"requests": {"cpu": "1", "memory": "64Mi"}}, 3, 500, "DEBUG", "here", "me", 9000,
        timedelta(days=7), "OnSuccess", timedelta(seconds=90),
        (ImageRewrite("python:*", "mirror/python:*"), ImageRewrite("*", "one")),
        {"PIP_INDEX_URL": "https://pypi.example.com"},
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
        "LEVADA_IMAGE_REWRITES": "python",
        "LEVADA_TASK_ENV": "A=b",
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


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"from": "a", "to": "b"}', "must be JSON such as"),
        ("[" * 100_000, "must be JSON such as"),
        ('["python"]', "must be JSON such as"),
        ('[{"from": "a"}]', "must be JSON such as"),
        ('[{"from": "a", "to": "b", "why": "c"}]', "must be JSON such as"),
        ('[{"from": "", "to": "b"}]', "must be JSON such as"),
        ('[{"from": "*", "to": "*"}]', "must be JSON such as"),
        ('[{"from": 1, "to": "b"}]', "must be JSON such as"),
        ('[{"from": "*/python", "to": "b"}]', "'\\*/python': .* at its end"),
        ('[{"from": "a*", "to": "b**"}]', "'b\\*\\*': .* at its end"),
        ('[{"from": "a", "to": "b c"}]', "'b c': an image's name"),
        ('[{"from": "a", "to": "b*"}]', "'b\\*': the \\* stands for nothing, since 'a' has none"),
    ],
)
def test_rewrites_that_are_none(text, complaint):
    with pytest.raises(SettingsError, match=f"LEVADA_IMAGE_REWRITES.*{complaint}"):
        Settings.from_environment({**IMAGE, "LEVADA_IMAGE_REWRITES": text})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "must be JSON such as"),
        ('{"A": 1}', "with texts as values"),
        ('{"A B": "x"}', "'A B' is no name for a variable"),
        ('{"1A": "x"}', "'1A' is no name for a variable"),
        ('{"LEVADA_RUN": "x"}', "'LEVADA_RUN': names that begin with LEVADA_ are Levada's own"),
    ],
)
def test_variables_of_tasks_that_are_none(text, complaint):
    with pytest.raises(SettingsError, match=f"LEVADA_TASK_ENV.*{complaint}"):
        Settings.from_environment({**IMAGE, "LEVADA_TASK_ENV": text})
