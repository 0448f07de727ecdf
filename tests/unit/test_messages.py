"""Messages that cannot be understood as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.messages import LONGEST_MESSAGE, unreadable_as


@pytest.mark.parametrize("text", ["", "   ", "...", "😭😭", "?!", "\u200f", "—"])
def test_no_words(text: str) -> None:
    assert unreadable_as(text) == "message_without_words"


@pytest.mark.parametrize("text", ["help", "мама", "هل", "2", "ok 😭", "/restart"])
def test_words(text: str) -> None:
    assert unreadable_as(text) is None


@given(st.text(min_size=LONGEST_MESSAGE + 1, max_size=LONGEST_MESSAGE + 50))
def test_too_long(text: str) -> None:
    assert unreadable_as(text) == "message_too_long"
