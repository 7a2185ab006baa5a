"""Single fields: durations, quantities, names."""

import pytest
from pydantic import TypeAdapter, ValidationError

from levada.api.fields import Age, DnsLabel, Duration, ObjectName, Quantity, ValueName, seconds
from levada.api.resources import ResourceRequirements


def takes(field, value):
    try:
        TypeAdapter(field).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "length"), [("90s", 90), ("1h30m", 5400), ("2d", 172_800), ("1d1h1m1s", 90_061), ("0s", 0)]
)
def test_a_duration_in_seconds(text, length):
    assert takes(Duration, text)
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "s", "10", "1.5h", "30m1h", "1 h", "-1s", "1w", "1h\n", 90])
def test_what_is_no_duration(text):
    assert not takes(Duration, text)


@pytest.mark.parametrize(
    ("text", "length"),
    [("P7D", 604_800), ("PT12H", 43_200), ("P1DT1H1M1S", 90_061), ("P2W", 1_209_600), ("1h30m", 5400)],
)
def test_an_age_is_written_as_ours_or_as_in_iso_8601(text, length):
    assert takes(Age, text)
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["P", "PT", "P1M", "P1Y", "P1W2D", "T1H", "1H", "P1.5D", "p7d", "P7D\n", 7])
def test_what_is_no_age(text):
    assert not takes(Age, text)


@pytest.mark.parametrize(
    ("given", "kept"),
    [(0.5, "0.5"), (2, "2"), ("500m", "500m"), ("1Gi", "1Gi"), ("1e3", "1e3"), (".5", ".5"), ("+1.k", "+1.k")],
)
def test_a_quantity_is_text_or_a_number_as_in_a_pod(given, kept):
    assert ResourceRequirements(limits={"cpu": given}).limits == {"cpu": kept}


@pytest.mark.parametrize("given", ["lots", "1 Gi", "", "1KB", "1gi", True, None, [1]])
def test_what_is_no_quantity(given):
    assert not takes(Quantity, given)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (DnsLabel, ["a", "a-1", "x" * 63], ["", "A", "-a", "a-", "a.b", "a_b", "x" * 64, "ü"]),
        (ObjectName, ["a", "a.b-c", "x" * 63 + ".y"], ["", "a..b", ".a", "A", "x" * 254]),
        (ValueName, ["x", "My Input", "größe", "a.b"], ["", "a/b", "a\n", "\x00", "x" * 129]),
    ],
)
def test_names(field, good, bad):
    assert [name for name in good if not takes(field, name)] == []
    assert [name for name in bad if takes(field, name)] == []
