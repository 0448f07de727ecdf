"""A link to a calendar file survives what messengers do to a text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conversations.limits_of_platforms import shown_everywhere

pytestmark = pytest.mark.model  # imports Rasa


def test_a_link_is_letters_and_digits_and_opens_again() -> None:
    from bot.channels.calendar_links import CalendarLinks
    from bot.dialogue.reply import Reply
    from bot.guide.catalogue import load_catalogue

    catalogue = load_catalogue(Path("content"))
    links = CalendarLinks("secret", "https://chat.clinic.example", catalogue, None)  # type: ignore[arg-type]
    for letter in range(1, 500):
        link = links.link(letter)
        assert link is not None
        token = link.rpartition("/")[2]
        assert re.fullmatch(r"[0-9a-z]+(\.[0-9a-z]+){2}", token), "a messenger may change it"
        assert links.letter(token) == letter
        assert links.letter(f"{token[:-1]}{'a' if token[-1] != 'a' else 'b'}") is None
    reply = Reply(kind="schedule", text=str(link))
    assert all(
        link in shown for shown in shown_everywhere(reply, catalogue.messenger_words).values()
    )
