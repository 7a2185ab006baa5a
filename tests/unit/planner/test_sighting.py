"""What a Pod's status says of its attempt: done, doomed, waiting, and whose fault it is."""

from datetime import timedelta

import pytest

from levada.graph.model import Artifact, Component, Output
from levada.graph.types import FLOAT, INTEGER
from levada.planner import reasons
from levada.planner.attempt import Doomed, Failure, ManifestNeeded, Running, Success, Waiting
from levada.planner.handoff import AgentError, ArtifactRecord, Manifest, OutputRecord, Report
from levada.planner.sighting import CLEAR_DEADLINE, STOP_DEADLINE, is_dead, is_outstayed, sight
from unit.planner.pods import NOW, RUNS, ended, pod, reported, waits

HOUR = timedelta(hours=1)
NUMBER = Component({}, {"n": Output("n", INTEGER, True)}, "image")
MODEL = Component({}, {"model": Output("model", "Model", False), "n": Output("n", INTEGER, True)}, "image")
RECORD = ArtifactRecord("s3://b/model", "sha256:1", "Model", {"layers": 2})
OUTPUTS = {"model": OutputRecord(artifact=RECORD), "n": OutputRecord(text="3\n")}
DISRUPTED = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "message": "drained"}


def see(view, component=NUMBER, manifest=None, deadline=NOW + HOUR):
    return sight(view, component, manifest, pending_since=NOW - HOUR, deadline=deadline, now=NOW)


def failure(view, component=NUMBER):
    seen = see(view, component)
    assert isinstance(seen, Failure), seen
    return seen


class TestDone:
    def test_is_read_from_the_containers_before_the_phase_says_so(self):
        assert see(pod(ended(message="7"), phase="Running")).outputs == {"n": 7}

    def test_waits_for_the_agent_though_the_task_has_ended(self):
        assert isinstance(see(pod(ended(), RUNS), MODEL), Running)

    def test_takes_times_from_the_task_and_outputs_from_the_report(self):
        seen = see(pod(ended(), reported(Report(outputs=OUTPUTS))), MODEL)
        assert isinstance(seen, Success)
        assert seen.outputs == {"model": Artifact("s3://b/model", "sha256:1", "Model", {"layers": 2}), "n": 3}
        assert (seen.finished - seen.started) == timedelta(minutes=1)

    def test_asks_for_the_manifest_when_the_outputs_did_not_fit_into_the_report(self):
        view = pod(ended(), reported(Report(manifest="sha256:m")))
        assert see(view, MODEL) == ManifestNeeded("sha256:m")
        assert see(view, MODEL, Manifest(OUTPUTS)).outputs["n"] == 3

    def test_an_output_that_was_not_reported_fails_the_task(self):
        seen = failure(pod(ended(), reported(Report(outputs={"n": OutputRecord(text="1")}))), MODEL)
        assert (seen.reason, "'model'" in seen.message) == (reasons.OUTPUT_MISSING, True)

    @pytest.mark.parametrize("text", ["", "many", "1.5", "9223372036854775808"])
    def test_a_value_that_is_not_of_its_type_fails_the_task(self, text):
        assert failure(pod(ended(message=text))).reason == reasons.INVALID_OUTPUT

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf"])
    def test_what_is_no_number_is_no_output(self, text):
        component = Component({}, {"x": Output("x", FLOAT, True)}, "image")
        assert failure(pod(ended(message=text)), component).reason == reasons.INVALID_OUTPUT


class TestFailure:
    def test_shows_exit_code_and_log(self):
        seen = failure(pod(ended(3, "the last line")))
        assert (seen.reason, seen.exit_code, seen.log) == (reasons.ERROR, 3, "the last line")

    def test_shows_no_log_of_a_component_that_keeps_it_to_itself(self):
        assert failure(pod(ended(3, "secret")), Component({}, {}, "image", log_tail=False)).log == ""

    def test_of_the_task_outranks_that_of_the_agent(self):
        agent = reported(Report(error=AgentError("OutputMissing", "nothing there")), 1)
        assert failure(pod(ended(1), agent), MODEL).reason == reasons.ERROR

    def test_of_the_agent_counts_when_the_task_ended_well(self):
        seen = failure(pod(ended(), reported(Report(error=AgentError("OutputMissing", "no model")), 1)), MODEL)
        assert (seen.reason, seen.message) == ("OutputMissing", "no model")

    @pytest.mark.parametrize("message", ["", '{"outputs": {"n"', "gibberish\ncrc32:00000000"])
    def test_a_report_that_is_missing_or_cut_means_that_the_outputs_are_lost(self, message):
        seen = failure(pod(ended(), ended(137, message), phase="Succeeded"), MODEL)
        assert seen.reason == reasons.OUTPUTS_LOST
        assert reasons.is_infrastructure(seen.reason)
        assert "outputGracePeriod" in seen.message

    def test_by_lack_of_memory_is_called_so_whatever_the_exit_code(self):
        assert failure(pod(ended(137, reason="OOMKilled"))).reason == reasons.OOM_KILLED
        assert failure(pod(ended(0, reason="OOMKilled"))).reason == reasons.OOM_KILLED

    def test_at_the_deadline_is_a_timeout(self):
        assert failure(pod(ended(143), phase="Failed", reason="DeadlineExceeded")).reason == reasons.TIMEOUT
        assert failure(pod(phase="Failed", reason="DeadlineExceeded")).reason == reasons.TIMEOUT

    def test_by_eviction_is_the_users_unless_the_cluster_says_that_it_disrupted_the_pod(self):
        own = failure(pod(ended(137), phase="Failed", reason="Evicted", message="disk"))
        cluster = failure(pod(ended(137), phase="Failed", reason="Evicted", conditions=(DISRUPTED,)))
        assert (own.reason, cluster.reason) == (reasons.EVICTED, reasons.DISRUPTED)
        assert not reasons.is_infrastructure(own.reason)
        assert reasons.is_infrastructure(cluster.reason)

    def test_of_a_pod_that_somebody_deleted_is_not_the_users(self):
        seen = failure(pod(ended(143), deleted=True))
        assert reasons.is_infrastructure(seen.reason)

    def test_of_a_command_that_is_not_there_says_so(self):
        seen = failure(pod(ended(128, "exec: nope: not found", "StartError")))
        assert "nope: not found" in seen.message

    @pytest.mark.parametrize("reason", ["OutOfcpu", "NodeAffinity", "UnexpectedAdmissionError", "NodeShutdown"])
    def test_of_a_pod_that_the_node_turned_away_is_not_the_users(self, reason):
        assert failure(pod(phase="Failed", reason=reason)).reason == reasons.REJECTED

    def test_of_a_lost_node_is_a_disruption(self):
        gone = DISRUPTED | {"reason": "DeletionByPodGC"}
        assert failure(pod(RUNS, phase="Failed", conditions=(gone,))).reason == reasons.DISRUPTED


class TestNotStarted:
    def test_a_pod_without_a_node_that_is_deleted_never_ran(self):
        assert failure(pod(phase="Pending", node="", deleted=True)).reason == reasons.POD_DELETED

    def test_a_deletion_timestamp_alone_proves_nothing(self):
        assert isinstance(see(pod(RUNS, deleted=True)), Running)

    def test_why_it_is_not_scheduled_is_a_hint(self):
        condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
        assert see(pod(phase="Pending", node="", conditions=(condition,))) == Waiting("Unschedulable", "0/1 nodes")

    @pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "CreateContainerConfigError"])
    def test_why_a_container_waits_is_a_hint_with_the_kubelets_words(self, reason):
        seen = see(pod(waits(reason, "no such thing"), phase="Pending"))
        assert (seen.reason, "no such thing" in seen.message) == (reason, True)

    def test_an_image_name_that_cannot_be_read_never_gets_better(self):
        seen = see(pod(waits("InvalidImageName", "bad"), phase="Pending"))
        assert seen.failure.reason == reasons.INVALID_IMAGE

    def test_an_agent_that_ends_before_the_task_began_dooms_the_attempt(self):
        agent = reported(Report(error=AgentError("StoreDenied", "wrong keys")), 1)
        seen = see(pod(waits("PodInitializing"), agent, phase="Pending"), MODEL)
        assert seen == Doomed(Failure("StoreDenied", "wrong keys"))

    def test_an_agent_without_memory_is_told_from_one_that_failed(self):
        before = see(pod(waits("PodInitializing"), ended(137, reason="OOMKilled"), phase="Pending"), MODEL)
        assert before.failure.reason == reasons.AGENT_FAILED
        after = failure(pod(ended(), ended(137, reason="OOMKilled")), MODEL)
        assert after.reason == reasons.OUTPUTS_LOST
        for seen in (before.failure, after):
            assert "tasks.agentResources" in seen.message
            assert "outputGracePeriod" not in seen.message

    def test_too_long_a_wait_dooms_it_with_the_hint(self):
        seen = see(pod(waits("ErrImagePull"), phase="Pending"), deadline=NOW)
        assert seen.failure.reason == reasons.PENDING_TIMEOUT
        assert "ErrImagePull" in seen.failure.message

    def test_staging_is_not_waiting_in_vain(self):
        seen = see(pod(waits("PodInitializing"), RUNS, phase="Pending"), MODEL, deadline=NOW)
        assert isinstance(seen, Waiting)


class TestDead:
    def test_is_what_ended_wholly(self):
        assert is_dead(pod(ended(), ended()))
        assert is_dead(pod(RUNS, phase="Failed"))
        assert not is_dead(pod(ended(), RUNS))

    def test_is_what_was_deleted_before_it_had_a_node(self):
        assert is_dead(pod(phase="Pending", node="", deleted=True))
        assert not is_dead(pod(phase="Pending", node=""))

    def test_is_not_what_has_a_node_and_says_nothing_yet(self):
        assert not is_dead(pod(phase="Pending", deleted=True))


class TestContainersOfOthers:
    """What an admission webhook puts into a Pod beside the main container."""

    @pytest.mark.parametrize(
        ("main", "beside", "outstays"), [(ended(), RUNS, True), (RUNS, RUNS, False), (ended(1), ended(), False)]
    )
    def test_outstay_the_main_one_when_that_has_ended_and_they_have_not(self, main, beside, outstays):
        assert is_outstayed(pod(main, RUNS, beside=beside)) is outstays

    def test_sidecars_do_not_outstay_since_the_kubelet_stops_them(self):
        assert not is_outstayed(pod(ended(), RUNS))

    @pytest.mark.parametrize(
        ("deadline", "reason"), [(CLEAR_DEADLINE, reasons.ERROR), (STOP_DEADLINE, reasons.TIMEOUT)]
    )
    def test_being_stopped_are_not_the_main_ones_end(self, deadline, reason):
        view = pod(ended(3), ended(), phase="Failed", reason="DeadlineExceeded", deadline=deadline, beside=ended(137))
        assert failure(view).reason == reason

    def test_being_stopped_leave_its_outputs_as_they_are(self):
        agent = reported(Report(outputs=OUTPUTS))
        view = pod(
            ended(), agent, phase="Failed", reason="DeadlineExceeded", deadline=CLEAR_DEADLINE, beside=ended(137)
        )
        assert isinstance(see(view, MODEL), Success)
