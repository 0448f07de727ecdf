"""What a typed message is before anybody tries to understand it."""

from __future__ import annotations

LONGEST_MESSAGE = 2000

EMPTY = "message_without_words"
TOO_LONG = "message_too_long"
OTHER_LANGUAGE = "other_language"


def as_text(typed: str) -> str:
    """What was typed, without what no database takes: a NUL, half of a character pair."""
    return _whole(typed).replace("\0", "").strip()


def as_id(given: str) -> str:
    """An id that a database takes, with marks where it takes none of the characters."""
    return _whole(given).replace("\0", "?")


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def unreadable_as(text: str) -> str | None:
    """The occasion of a message that cannot be understood as it is, or None.

    Args:
        text: What the parent sent.

    Returns:
        `message_without_words` for blanks, punctuation and emoji alone, `message_too_long` above
        2,000 characters, None for everything else.
    """
    if len(text) > LONGEST_MESSAGE:
        return TOO_LONG
    if not any(character.isalnum() for character in text):
        return EMPTY
    return None
