"""Comparing the figures of two wordings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guide.figures import figures_in


@pytest.mark.parametrize(
    ("guide", "plain"),
    [
        ("1 mg intramuscularly on alternate days", "1 mg into the muscle every other day"),
        ("lifelong monthly injections", "monthly injections for life"),
        ("present in 46.6% of cases", "in 46.6% of cases"),
        ("greater than 0.1 mg per day", "more than 0.1 mg of folic acid per day"),
        ("vitamin B12 deficiency", "too little B12"),
        ("improves [2][3]", "improves"),
    ],
)
def test_plain_words_keep_the_figures(guide: str, plain: str) -> None:
    assert figures_in(guide) == figures_in(plain)


@pytest.mark.parametrize(
    ("guide", "plain"),
    [
        ("every 2 months", "every 3 months"),
        ("1,000 mcg", "1,000 mg"),
        ("46.6%", "46.6"),
        ("monthly", "daily"),
        ("for life", "for a year"),
        ("days 5-7", "days 5-8"),
        ("at least twice normal", "well above normal"),
    ],
)
def test_a_changed_figure_is_seen(guide: str, plain: str) -> None:
    assert figures_in(guide) != figures_in(plain)


@given(st.lists(st.integers(min_value=0, max_value=10**6), max_size=6))
def test_every_number_counts(numbers: list[int]) -> None:
    text = " and ".join(f"{number} drops" for number in numbers)
    assert sorted(figures_in(text).elements()) == sorted(str(number) for number in numbers)
