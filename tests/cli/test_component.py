"""`levada component import`: what it prints is a Component that `levada validate` takes, or nothing."""

import pytest

OLD = """\
name: Count words
inputs: [{name: text}]
outputs: [{name: count, type: Integer}]
implementation:
  container:
    image: busybox
    command: [sh, -c, 'printf %s "$0" | wc -w > $1', {inputValue: text}, {outputPath: count}]
"""


def test_what_is_printed_is_a_component(levada):
    done = levada("component", "import", "-", stdin=OLD)
    assert (done.code, done.err) == (0, "")
    assert "name: count-words\n" in done.out
    assert levada("validate", "-", stdin=done.out).out == "1 Component: no mistake found\n"


def test_the_name_may_be_given_or_is_that_of_the_folder(levada):
    assert "name: words\n" in levada("component", "import", "-", "--name", "words", stdin=OLD).out
    file = levada.folder / "Word counter" / "component.yaml"
    file.parent.mkdir()
    file.write_text(OLD.removeprefix("name: Count words\n"))
    assert "name: word-counter\n" in levada("component", "import", file).out


@pytest.mark.parametrize(("args", "text", "message"), [
    (["-"], OLD.replace("{inputValue: text}", "{inputValue: txt}"), "there is no input 'txt'"),
    (["-"], "", "<stdin>:1: the file is empty"),
    (["missing.yaml"], "", "missing.yaml:1: cannot be read: no such file or directory"),
    (["-", "--name", "A B"], OLD, "--name: 'A B' cannot be the name of an object; 'a-b' would do"),
    (["-", "--name", "a"], f"{OLD}---\n{OLD}", "--name goes with one component, and there are 2"),
])  # fmt: skip
def test_what_is_wrong_ends_with_2_and_nothing_is_printed(levada, args, text, message):
    done = levada("component", "import", *args, stdin=text)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
