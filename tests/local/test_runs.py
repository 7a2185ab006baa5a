"""What a run on this machine does and leaves, seen from outside."""

import json
from hashlib import sha256

import pytest

from local.program import script
from unit.frontend.kfp.documents import TEXT, compiled, component, task

NUMBER = {"name": "n", "type": "Integer"}
FILE = {"name": "data", "type": "Dataset"}


def test_values_files_and_folders_flow_from_task_to_task(levada):
    tasks = {
        "make": script(
            'mkdir "$1"; cd "$1"; echo a > a; echo b > b; echo 41 > "$2"; echo "{\\"rows\\": 2}" > ../metadata.json',
            {"outputPath": "data"},
            {"outputPath": "n"},
            outputs=[FILE, NUMBER],
        ),
        "use": script(
            'cat "$1/a" "$1/b" > "$3"; echo $(($2 + 1)) > "$4"',
            {"inputPath": "data"},
            {"inputValue": "n"},
            {"outputPath": "text"},
            {"outputPath": "n"},
            inputs=[FILE, NUMBER],
            outputs=[{"name": "text", "type": "Dataset"}, NUMBER],
            bind={"data": {"task": "make", "output": "data"}, "n": {"task": "make", "output": "n"}},
        ),
    }
    outputs = {"n": {"task": "use", "output": "n"}, "text": {"task": "use", "output": "text"}}
    done = levada.run(levada.write("flow", tasks, outputs=outputs))
    assert (done.code, done.record["phase"]) == (0, "Succeeded"), done.err
    assert done.record["outputs"]["n"] == 42
    made = done.tasks["make"]["outputs"]["data"]
    assert made["metadata"] == {"rows": 2}
    listing = "".join(f"{sha256(text).hexdigest()} 2 {name}\0" for name, text in (("a", b"a\n"), ("b", b"b\n")))
    assert made["digest"] == "sha256:" + sha256(f"levada folder 1\n{listing}".encode()).hexdigest()
    fetched = levada("download", "--local", "flow", "use", "text", "-O", "-")
    assert fetched.out == "a\nb\n"


def test_a_failure_has_its_reason_code_and_last_lines_and_the_others_go_on(levada):
    tasks = {
        "bad": script("echo so it goes; exit 3"),
        "after-bad": script("true", after=[{"task": "bad", "require": "Succeeded"}]),
        "other": script("true"),
    }
    done = levada.run(levada.write("half", tasks))
    assert done.code == 1
    assert done.record["phase"] == "Failed"
    assert [done.tasks[path]["phase"] for path in tasks] == ["Failed", "Skipped", "Succeeded"]
    bad = done.tasks["bad"]
    assert (bad["reason"], bad["exitCode"], bad["message"]) == ("Error", 3, "exited with code 3")
    assert bad["logTail"] == "so it goes"


def test_a_command_that_is_not_there_fails_its_task(levada):
    tasks = {"lost": script("", container={"command": ["no-such-program-here"], "args": []})}
    done = levada.run(levada.write("lost", tasks))
    assert done.code == 1
    assert done.tasks["lost"]["exitCode"] == 127
    assert "'no-such-program-here' could not be started" in done.tasks["lost"]["message"]


def test_a_run_that_is_over_is_shown_and_not_run_again(levada):
    path = levada.write("once", {"count": script(f"echo x >> {levada.folder}/count")})
    first = levada.run(path)
    again = levada.run(path)
    assert (first.code, again.code) == (0, 0)
    assert again.record == first.record
    assert (levada.folder / "count").read_text() == "x\n"


def test_the_same_name_with_other_parameters_is_refused(levada):
    path = levada.write("named", {"a": script("true")}, parameters=[{"name": "n", "type": "Integer", "default": 1}])
    assert levada.run(path).code == 0
    other = levada.run(path, "-p", "n=2")
    assert other.code == 2
    assert "another definition or with other parameters" in other.err
    assert levada.run(path).record["parameters"] == {}


def test_outputs_and_tasks_with_long_and_strange_names(levada):
    long = "t" + "x" * 62
    name = "an output with spaces, ünïcode & more"
    tasks = {
        long: script('echo 1 > "$1"; echo there > "$2"', {"outputPath": name}, {"outputPath": "plain"},
                     outputs=[{"name": name, "type": "Integer"}, {"name": "plain", "type": "Model"}])
    }  # fmt: skip
    done = levada.run(levada.write("names", tasks))
    assert done.code == 0, done.err
    assert done.tasks[long]["outputs"][name] == 1


def test_logs_may_hold_any_bytes_and_are_followed(levada):
    path = levada.write("bytes", {"noisy": script("printf 'a\\377\\000b\\n'; exit 1")})
    done = levada.run(path)
    assert "a\ufffd" in done.tasks["noisy"]["logTail"]
    process = levada.start("logs", "--local", "bytes", "noisy", "-f", text=False)
    out, _ = process.communicate(timeout=120)
    assert out == b"a\xff\x00b\n"


def test_a_huge_log_is_kept_whole_and_its_record_stays_small(levada):
    path = levada.write("huge", {"noisy": script("head -c 50000000 /dev/zero | tr '\\0' x; echo; echo last; exit 1")})
    done = levada.run(path)
    assert len(done.tasks["noisy"]["logTail"]) <= 2048
    assert done.tasks["noisy"]["logTail"].endswith("last")
    assert (levada.home / "runs/huge/logs/noisy.0").stat().st_size > 50_000_000
    assert len(json.dumps(done.record)) < 10_000


def test_tasks_see_who_they_are_and_the_variables_of_their_component(levada):
    text = 'test "$LEVADA_RUN/$LEVADA_NAMESPACE/$LEVADA_TASK/$LEVADA_ATTEMPT/$MINE" = "who/default/me/0/\\$(HOME) yes"'
    tasks = {"me": script(text, container={"env": {"MINE": "$(HOME) yes"}})}
    done = levada.run(levada.write("who", tasks))
    assert done.code == 0, done.record


def test_what_a_cluster_only_has_is_said_once_or_refused(levada):
    secret = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}}
    template = {"env": [secret], "nodeSelector": {"disk": "ssd"}, "tolerations": [{"operator": "Exists"}]}
    tasks = {"a": script('test "$TOKEN" = t'), "b": script("true")}
    path = levada.write("far", tasks, podTemplate=template, ttlAfterFinished="0s", podCleanup="OnCompletion")
    refused = levada.run(path)
    assert refused.code == 2
    assert "TOKEN comes from a cluster's Secret 'keys'" in refused.err
    assert not (levada.home / "runs" / "far" / "run.json").exists()
    levada.env["TOKEN"] = "t"
    done = levada.run(path)
    assert done.code == 0
    assert done.err.count("without effect here: ttlAfterFinished, podCleanup, nodeSelector, tolerations") == 1
    assert done.err.count("images are not used") == 1


@pytest.mark.parametrize("wish", ["suspend", "cancel"])
def test_what_steers_a_run_in_a_cluster_is_refused_with_what_does_it_here(levada, wish):
    refused = levada.run(levada.write("steered", {"one": script("true")}, **{wish: True}))
    assert refused.code == 2
    assert f"`{wish}: true`" in refused.err
    assert "Ctrl-C" in refused.err


def test_a_component_without_a_command_is_refused(levada):
    done = levada.run(levada.write("entry", {"a": script("", container={"command": [], "args": ["x"]})}))
    assert done.code == 2
    assert "has no command" in done.err


def test_variables_from_secrets_that_are_named_at_run_time_are_told_of(levada):
    secret = {"secretAsEnv": [{"secretNameParameter": {"componentInputParameter": "secret"},
                               "keyToEnv": [{"secretKey": "token", "envVar": "TOKEN"}]}]}  # fmt: skip
    inputs = {"parameters": {"secret": {**TEXT, "defaultValue": "keys", "isOptional": True}}}
    executors = {"a": {"container": {"image": "tool:1", "command": ["sh", "-c", 'test "$TOKEN" = t']}}}
    text = compiled({"a": task("a")}, {"a": component(label="a")}, executors, inputs=inputs)
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"a": secret}}}}}
    path = levada.folder / "secret.yaml"
    path.write_text(f"{text}\n---\n{json.dumps(platform)}\n")
    done = levada.run(path, "--name", "without")
    assert done.code == 1
    assert "unless the environment of this command sets it: TOKEN" in done.err
    levada.env["TOKEN"] = "t"
    done = levada.run(path, "--name", "with")
    assert done.code == 0, done.err
    assert "TOKEN" not in done.err
