from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from levada.graph.cycles import find_cycle


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({}, None),
        ({"a": []}, None),
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, ["b", "c", "b"]),
        ({"a": ["b", "c"], "b": ["c"], "c": []}, None),
        ({"a": ["nowhere"]}, None),
    ],
)
def test_a_cycle_is_shown_from_its_first_name_back_to_it(edges, cycle):
    assert find_cycle(edges) == cycle


def test_a_long_chain_needs_no_deep_stack():
    names = [str(number) for number in range(50_000)]
    edges = {name: [following] for name, following in pairwise(names)}
    assert find_cycle(edges) is None
    assert len(find_cycle(edges | {names[-1]: [names[0]]})) == len(names) + 1


NAMES = st.integers(0, 8).map(str)


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=4), max_size=9))
def test_what_is_found_is_a_cycle_and_without_one_there_is_an_order(edges):
    cycle = find_cycle(edges)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert all(following in edges[name] for name, following in pairwise(cycle))
        return
    left = dict(edges)
    while left:
        free = [name for name, waits_for in left.items() if not set(waits_for) & left.keys()]
        assert free
        for name in free:
            del left[name]
