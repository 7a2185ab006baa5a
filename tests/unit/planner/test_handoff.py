"""The agent's last word is whole, small, or not believed."""

from hypothesis import given
from hypothesis import strategies as st

from levada.planner.handoff import (
    REPORT_LIMIT,
    AgentError,
    ArtifactRecord,
    OutputRecord,
    Report,
    decode_report,
    encode_report,
)


def report(count):
    artifact = OutputRecord(artifact=ArtifactRecord("s3://bucket/" + "k" * 60, "sha256:" + "0" * 64, "Model"))
    return Report("sha256:m", {f"output-{index}": artifact for index in range(count)})


def test_a_few_outputs_stand_in_the_report_itself():
    assert decode_report(encode_report(report(2)).decode()) == report(2)


def test_many_leave_only_the_manifests_digest():
    message = encode_report(report(20))
    assert len(message) <= REPORT_LIMIT
    assert decode_report(message.decode()) == Report("sha256:m")


@given(st.text(max_size=5000))
def test_an_error_of_any_length_keeps_its_reason(text):
    message = encode_report(Report(error=AgentError("OutputMissing", text)))
    assert len(message) <= REPORT_LIMIT
    assert decode_report(message.decode()).error.reason == "OutputMissing"


@given(st.integers(1, 200), st.integers(1, 2))
def test_a_message_that_was_cut_is_not_believed(lost, count):
    message = encode_report(report(count)).decode()
    assert decode_report(message[:-lost]) is None
    assert decode_report(message[lost:]) is None


@given(st.text())
def test_what_is_not_ours_is_not_believed(text):
    assert decode_report(text) is None
