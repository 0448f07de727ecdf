"""Where a family writes, by the name of the channel."""

from __future__ import annotations

PAGE = "web"  # here a reminder waits for the page to be opened
UNREACHED = (None, "rest")  # here the assistant cannot begin to speak: the terminal, programs


def is_messenger(channel: str | None) -> bool:
    """Whether another company carries what is written there."""
    return channel not in (PAGE, *UNREACHED)
