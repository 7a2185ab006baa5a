import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from levada.frontend.documents import MAX_BYTES, read_documents
from levada.frontend.mistakes import Mistake, Path

AWKWARD = "ab1 -_~:,.?!#&*|>%@`=<'\"\\{}[]()$\t\näßλ中\u2028\ufeff\U0001f600"
TEXT = st.text(AWKWARD, max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=25,
)


def values(text: str | bytes) -> list:
    documents, mistakes = read_documents("f.yaml", text.encode() if isinstance(text, str) else text)
    assert mistakes == []
    return [document.root.value() for document in documents]


def mistakes(text: str | bytes) -> list[str]:
    return [str(found) for found in read_documents("f.yaml", text.encode() if isinstance(text, str) else text)[1]]


@given(st.dictionaries(TEXT, JSON, min_size=1))
def test_json_is_read_as_json_reads_it(value):
    assert values(json.dumps(value)) == [value]
    assert values(json.dumps(value, ensure_ascii=False, indent=1)) == [value]


@given(st.dictionaries(TEXT, JSON, min_size=1))
def test_what_a_yaml_writer_writes_is_read_back(value):
    text = yaml.safe_dump(value, allow_unicode=True)
    documents, found = read_documents("f.yaml", text.encode())
    # safe_dump leaves `-_1` unquoted, a text to it and -1 to kubectl, and `1e+22`, which means a number to it as well.
    if not found and not re.search(r"[-+]_", text):
        assert documents[0].root.value() == value


@given(st.binary(max_size=200))
def test_any_bytes_are_documents_or_mistakes_with_a_line(data):
    _, found = read_documents("f.yaml", data)
    assert all(mistake.line >= 1 and mistake.message for mistake in found)


@given(st.text("{}[]&*!|>%@#-:,?<'\"\n\t ay1", max_size=60))
def test_any_text_is_documents_or_mistakes_with_a_line(text):
    _, found = read_documents("f.yaml", text.encode())
    assert all(1 <= mistake.line <= text.count("\n") + 2 and mistake.message for mistake in found)


def test_several_documents_are_read_and_empty_ones_passed_over():
    assert values("a: 1\n---\n---\n# nothing\n---\nb: 2\n...\n") == [{"a": 1}, {"b": 2}]


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter():
    assert values(b"\xef\xbb\xbfa: 1\r\nb: x\r\n") == [{"a": 1, "b": "x"}]


def test_quoted_and_block_scalars_are_text():
    assert values("a: \"no\"\nb: '1'\nc: |\n  5\nd: >-\n  on\ne: !!str 7\nf: ! 8\n") == [
        {"a": "no", "b": "1", "c": "5\n", "d": "on", "e": "7", "f": "8"}
    ]


def test_keys_become_text_as_kubectl_makes_them():
    assert values("{1: a, 0x10: b, true: c, 'y': d}") == [{"1": "a", "16": "b", "true": "c", "y": "d"}]


def test_aliases_and_merge_keys_are_followed():
    text = "base: &b {x: 1, y1: 2}\nover: {<<: *b, x: 3}\nboth: {<<: [{x: 5}, *b]}\n"
    assert values(text) == [{"base": {"x": 1, "y1": 2}, "over": {"x": 3, "y1": 2}, "both": {"x": 5, "y1": 2}}]


def test_anchors_end_with_their_document():
    assert mistakes("a: &x 1\n---\nb: *x\n") == ["f.yaml:3: b: there is no anchor &x before this alias"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", ["f.yaml:3: a: the key is already given in line 1"]),
        (
            "a:\n  - yes\n",
            ['f.yaml:2: a[0]: yes is a Boolean to some readers of YAML and text to others: quote it ("yes")'],
        ),
        ("a: b: c\n", ["f.yaml:1: this is not YAML: mapping values are not allowed in this context"]),
        (
            "a:\n\tb: 1\n",
            [
                (
                    "f.yaml:2: this is not YAML: while scanning for the next token found character that cannot start"
                    " any token (there is a tab; YAML indents with spaces)"
                )
            ],
        ),
        ("a: !secret x\n", ["f.yaml:1: a: the tag !secret is not supported"]),
        ("a: !!python/object:os.system x\n", ["f.yaml:1: a: the tag !!python/object:os.system is not supported"]),
        ("a: !!binary x\n", ["f.yaml:1: a: the tag !!binary is not supported"]),
        ("a: !!set {x}\n", ["f.yaml:1: a: the tag !!set is not supported"]),
        ("a: !!int x\n", ["f.yaml:1: a: 'x' is no !!int"]),
        ("a: &x [*x]\n", ["f.yaml:1: a[0]: there is no anchor &x before this alias"]),
        ("a: {<<: 5}\n", ["f.yaml:1: a: << merges a map or a list of maps"]),
        ("? [a]\n: b\n", ["f.yaml:1: a key must be a simple scalar"]),
        ("~: 1\n", ['f.yaml:1: ~ cannot be a key: quote it ("~")']),
        ("a: \x01\n", ["f.yaml:1: this is not YAML: a character that YAML does not allow"]),
        (b"a: 1\nb: \xff\n", ["f.yaml:2: the file is not UTF-8 text"]),
        ("[" * 66 + "]" * 66, ["f.yaml:1: the document is nested deeper than 64 levels"]),
        ("[" * 200_000, ["f.yaml:1: the document is nested deeper than 64 levels"]),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, found):
    assert mistakes(text) == found


def test_documents_before_an_unreadable_one_are_kept():
    documents, found = read_documents("f.yaml", b"a: 1\n---\nb: [\n")
    assert [document.root.value() for document in documents] == [{"a": 1}]
    assert len(found) == 1


@pytest.mark.threat(
    "a file is a bomb of aliases",
    holds="refused before it is built",
)
def test_a_bomb_of_aliases_is_refused():
    levels = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    assert mistakes("\n".join(["a0: &a0 [1, 1]", *levels])) == ["f.yaml:7: the document has more than 1,000,000 values"]


def test_aliases_cannot_hide_depth():
    levels = [f"a{level}: &a{level} [*a{level - 1}]" for level in range(1, 80)]
    assert mistakes("\n".join(["a0: &a0 1", *levels])) == ["f.yaml:65: the document is nested deeper than 64 levels"]


def test_huge_files_are_refused_unread():
    assert mistakes(b" " * (MAX_BYTES + 1)) == ["f.yaml:1: the file is larger than 16 MiB"]


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        (("spec",), 3),
        (("spec", "tasks", 1), 6),
        (("spec", "tasks", 1, "inputs", "lr"), 8),
        (("spec", "tasks", 1, "inputs", "absent"), 7),
        (("spec", "tasks", 9), 4),
        (("metadata", "name"), 1),
    ],
)
def test_a_mistake_has_the_line_of_its_key_or_of_what_is_around_it(steps, line):
    text = "# comment\nkind: x\nspec:\n  tasks:\n  - name: a\n  - name: b\n    inputs:\n      lr:\n        value: 1\n"
    (document,), _ = read_documents("f.yaml", text.encode())
    expected = line if steps[0] == "spec" else 2
    assert document.locate(Mistake(Path(steps), "x")).line == expected
