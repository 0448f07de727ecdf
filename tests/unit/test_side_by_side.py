"""Texts side by side stay apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.side_by_side import MOST, in_turns, numbered

LENGTHS = st.lists(st.integers(1, 2 * MOST), max_size=40)


@given(LENGTHS)
def test_each_text_has_its_turn_and_few_are_taken_at_once(lengths: list[int]) -> None:
    turns = list(in_turns(lengths))
    assert [length for turn in turns for length in lengths[turn]] == lengths
    for turn in turns:
        assert sum(lengths[turn]) <= MOST or len(lengths[turn]) == 1


@given(LENGTHS.filter(bool))
def test_each_token_knows_its_text_and_its_place(lengths: list[int]) -> None:
    tokens = [(text, place) for text, length in enumerate(lengths) for place in range(length)]
    apart = numbered(lengths)
    assert list(zip(apart["texts"], apart["places"], strict=True)) == tokens
