"""The words that carriers want an SMS number to know, and our own for the rest of a message."""

from __future__ import annotations

import re
from typing import Literal, Optional

from bot.guide.models import MessengerWords

Order = Literal["stop", "start", "help", "more"]


def order_of(said: str, words: MessengerWords, stopped: bool) -> Optional[Order]:
    """What a whole message orders; None where it is an ordinary one.

    Args:
        said: The message.
        words: The words of messengers.
        stopped: Whether STOP holds: only then does "yes" mean START, and not an answer.
    """
    bare = re.sub(r"\W+", " ", said).strip().casefold()
    if bare in words.stop_words:
        return "stop"
    if bare in words.start_words and (stopped or bare != "yes"):
        return "start"
    if bare in words.help_words:
        return "help"
    return "more" if bare in words.more_words else None
