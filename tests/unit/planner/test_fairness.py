"""Room for attempts is divided between namespaces, and in each between its runs."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from levada.planner.fairness import Claim, Turns
from levada.planner.names import Key

BIG, SMALL = Key("team-a", "big"), Key("team-b", "small")


def divide(room, *claims, turns=None):
    return (turns or Turns()).divide(room, [Claim(Key(*run), under_way, wanted) for run, under_way, wanted in claims])


def test_where_there_is_room_for_all_everybody_gets_what_it_wants():
    assert divide(100, (BIG, 0, 90), (SMALL, 0, 3)) == {BIG: 90, SMALL: 3}


def test_where_there_is_none_nobody_gets_anything():
    assert divide(0, (BIG, 0, 90), (SMALL, 0, 3)) == {}
    assert divide(5) == {}


def test_a_run_that_comes_late_gets_the_room_that_a_large_one_leaves():
    assert divide(2, (BIG, 98, 9_902), (SMALL, 0, 3)) == {SMALL: 2}


def test_what_one_has_no_use_for_goes_to_the_others():
    assert divide(10, (BIG, 0, 10_000), (SMALL, 0, 3)) == {BIG: 7, SMALL: 3}


def test_a_namespace_with_many_runs_gets_no_more_than_one_with_one():
    many = [(Key("team-a", f"run-{number}"), 0, 10) for number in range(10)]
    shares = divide(20, *many, (SMALL, 0, 100))
    assert shares[SMALL] == 10
    assert all(shares[run] == 1 for run, _, _ in many)


def test_runs_of_one_namespace_share_what_it_gets():
    assert divide(6, (Key("a", "x"), 4, 10), (Key("a", "y"), 0, 10)) == {Key("a", "x"): 1, Key("a", "y"): 5}


def test_runs_without_a_wish_count_for_their_namespace():
    busy = Key("team-a", "busy")
    assert divide(4, (busy, 5, 0), (BIG, 0, 10), (SMALL, 0, 10)) == {SMALL: 4}


def test_one_place_for_many_goes_round():
    turns, served = Turns(), Counter()
    runs = [Key("a", "x"), Key("a", "y"), Key("b", "z")]
    for _ in range(12):
        (run,) = divide(1, *((run, 0, 1_000) for run in runs), turns=turns)
        turns.took(run)
        served[run] += 1
    assert served == {Key("a", "x"): 3, Key("a", "y"): 3, Key("b", "z"): 6}


def test_a_stream_of_new_runs_does_not_pass_an_old_one_by():
    for old in (Key("a", "old"), Key("b", "old")):  # one of the same namespace, and one of another
        turns, there, served = Turns(), {old: 100}, []
        for number in range(24):
            there[Key("a", f"new-{number}")] = 1
            (run,) = divide(1, *((run, 0, wanted) for run, wanted in there.items()), turns=turns)
            turns.took(run)
            served.append(run)
            if run != old:
                turns.forget(run)
                del there[run]
        assert served.count(old) >= 6, served


claims = st.dictionaries(
    st.builds(Key, st.sampled_from("abc"), st.sampled_from("uvwxyz")),
    st.tuples(st.integers(0, 30), st.integers(0, 30)),
    max_size=12,
)


@given(st.integers(0, 200), claims)
def test_all_room_is_used_never_more_and_the_least_comes_first(room, given_claims):
    shares = divide(room, *((run, under_way, wanted) for run, (under_way, wanted) in given_claims.items()))
    wanted = sum(wanted for _, wanted in given_claims.values())
    assert sum(shares.values()) == min(room, wanted)
    assert all(0 < share <= given_claims[run][1] for run, share in shares.items())
    of_runs = {run: (under_way, wanted, shares.get(run, 0)) for run, (under_way, wanted) in given_claims.items()}
    of_namespaces = {
        name: tuple(map(sum, zip(*(of_runs[run] for run in of_runs if run.namespace == name), strict=True)))
        for name in {run.namespace for run in of_runs}
    }
    assert_fair(of_namespaces)
    for name in of_namespaces:
        assert_fair({run: all_of_it for run, all_of_it in of_runs.items() if run.namespace == name})


def assert_fair(parts):
    """Whoever got something has at most one more under way than whoever would have liked more."""
    lucky = [under_way + share for under_way, _, share in parts.values() if share]
    hungry = [under_way + share for under_way, wanted, share in parts.values() if share < wanted]
    assert max(lucky, default=0) <= min(hungry, default=1 << 30) + 1


@given(st.integers(1, 5), st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 30)), min_size=1, max_size=6))
def test_every_run_ends_and_soon_whatever_the_others_want(limit, lengths):
    """A simulation: every attempt takes one round."""
    turns = Turns()
    left = {Key(namespace, str(number)): length for number, (namespace, length) in enumerate(lengths)}
    idle = Counter()
    while left:
        shares = turns.divide(limit, [Claim(run, 0, length) for run, length in left.items()])
        assert sum(shares.values()) == min(limit, sum(left.values()))
        for run in list(left):
            idle[run] = 0 if run in shares else idle[run] + 1
            assert idle[run] < 2 * len(lengths), "it starves"
            left[run] -= shares.get(run, 0)
            if run in shares:
                turns.took(run)
            if not left[run]:
                del left[run]
                turns.forget(run)
