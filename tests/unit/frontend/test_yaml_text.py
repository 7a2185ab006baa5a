"""What is written as YAML is read as the same: by us as kubectl reads it, and by PyYAML."""

import pytest
import yaml

from levada.frontend.documents import read_documents
from levada.frontend.yaml_text import yaml_text

TEXTS = ["", "a", "y", "on", "null", "~", "1", "-_1", "1e3", "0o17", "1_000", "12:30:00", "2026-01-01", ".inf", "=",
         "<<", "a: b", "a #b", "- a", "{a", "a\nb\n", "a\nb", " a\n b", "\ta\n", "a \nb", "\n",
         "\u2028", "\x85", "a\x85\nb", "\u00e9",
         "x" * 300, "x y " * 100]  # fmt: skip


@pytest.mark.threat(
    "a value becomes YAML",
    holds="what Levada prints as YAML is read back as the same text",
)
@pytest.mark.parametrize("text", TEXTS, ids=repr)
def test_text_stays_text_as_a_value_and_as_a_key(text):
    written = yaml_text([{"a": text, "b": [{text or "k": text}]}])
    [document], wrong = read_documents("", written.encode())
    assert wrong == []
    assert document.root.value() == yaml.safe_load(written) == {"a": text, "b": [{text or "k": text}]}


def test_several_objects_are_several_documents_and_nothing_is_an_alias():
    shared = {"x": [1, 0.5, True, None]}
    written = yaml_text([{"a": shared, "b": shared}, shared])
    assert [document.root.value() for document in read_documents("", written.encode())[0]] == [
        {"a": shared, "b": shared},
        shared,
    ]
    assert "&" not in written


def test_programs_are_written_line_by_line():
    assert yaml_text([{"args": ["import os\nprint(1)\n"]}]) == "args:\n- |\n  import os\n  print(1)\n"
