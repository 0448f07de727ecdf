"""The little language of phrases in content files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.phrases import matcher, plain


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("no respira", "¡El bebé NO RESPIRA!"),
        ("convuls*", "tiene convulsiónes"),
        ("*epileptisch*", "ein nichtepileptischer Anfall"),
        ("no|sin ... respirar", "no puede bien respirar"),
        ("nao respira", "não respira"),
        ("не дыш*", "он не дышит"),
        ("لا يتنفس", "لا يَتَنَفَّس"),
        ("没有呼吸", "宝宝没有呼吸了"),
        ("嘴唇 ... 紫".replace(" ", ""), "嘴唇有点发紫"),
        ("साँस नहीं", "साँस नहीं ले रहा"),
        ("narrive pas", "il n'arrive pas"),
    ],
)
def test_a_phrase_is_found(phrase: str, text: str) -> None:
    assert matcher([phrase]).search(plain(text))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("no respira", "no respirable"),
        ("fit", "outfit"),
        ("no ... respirar", "no uno dos tres cuatro respirar"),
    ],
)
def test_another_word_is_not(phrase: str, text: str) -> None:
    assert not matcher([phrase]).search(plain(text))


def test_no_phrases_find_nothing() -> None:
    assert not matcher([]).search(plain("anything"))


@given(st.text(max_size=200))
def test_any_text_can_be_made_plain(text: str) -> None:
    made = plain(text)
    assert made.startswith(" ") and made.endswith(" ")
    assert "  " not in made.strip()
    assert plain(made) == made
