"""The shuffle behind tracking codes."""

from itertools import pairwise

import pytest

from ussd.ledger.permutation import SIZE, permute, tables

KEY = b"k" * 32


def test_each_number_below_a_million_has_one_place_and_no_place_is_shared() -> None:
    rounds = tables(KEY)
    assert {permute(number, rounds) for number in range(SIZE)} == set(range(SIZE))


def test_another_key_is_another_shuffle() -> None:
    one, other = tables(KEY), tables(b"l" * 32)
    same = sum(permute(number, one) == permute(number, other) for number in range(10_000))
    assert same < 5


def test_a_key_gives_the_same_shuffle_for_ever() -> None:
    """A change here would give out, on the day of an upgrade, codes that were given out before."""
    rounds = tables(KEY)
    assert [permute(number, rounds) for number in (0, 1, 2, 999_999)] == [713228, 382225, 871435, 698549]


@pytest.mark.parametrize("step", [1, 2, 1_000])
def test_one_place_does_not_tell_the_next(step: int) -> None:
    rounds = tables(KEY)
    places = [permute(number, rounds) for number in range(0, 1_000 * step, step)]
    distances = {(after - before) % SIZE for before, after in pairwise(places)}
    assert len(distances) > 990
    halves = [place // 1_000 for place in places], [place % 1_000 for place in places]
    assert all(len(set(half)) > 550 for half in halves), "a third of a thousand draws repeat, where chance decides"
