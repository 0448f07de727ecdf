"""What all renderers share: cutting long texts, choosing buttons, numbered choices."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from bot.dialogue.reply import Button, Reply

# A messenger has no page to print, and gets the calendar's file without asking.
_PAGE_ONLY = frozenset(["/schedule_file", "/schedule_print"])

# Where a text may be cut, the best first. A sentence ends behind its reference numbers.
_BORDERS = (
    re.compile(r"\n\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?](?: ?\[\d+\])* (?!\[)"),
    re.compile(r" "),
)


def units(text: str) -> int:
    """The length as platforms count it: an emoji may count twice (UTF-16)."""
    return len(text.encode("utf-16-le")) // 2


def pieces(text: str, longest: int, size: Callable[[str], int] = units) -> Iterator[str]:
    """A text in pieces of a length, cut between paragraphs, lines, sentences or words.

    Args:
        text: The whole text.
        longest: The size that a piece may have.
        size: How size is measured; a longer text has no smaller size.
    """
    rest = text.strip()
    while size(rest) > longest:
        fits = bisect_right(range(len(rest)), longest, key=lambda n: size(rest[:n])) - 1
        cut = _border(rest[: fits + 1], fits)
        yield rest[:cut].rstrip()
        rest = rest[cut:].lstrip()
    yield rest


def _border(head: str, fits: int) -> int:
    for border in _BORDERS:
        # A piece under a third of the length would be a bad cut, however good the border.
        ends = [m.end() for m in border.finditer(head) if fits / 3 < m.end() <= fits + 1]
        if ends:
            return min(ends[-1], fits)
    return max(fits, 1)


def buttons_of(reply: Reply) -> list[Button]:
    """The buttons that make sense in a messenger."""
    return [button for button in reply.buttons if button.payload not in _PAGE_ONLY]


def shortened(title: str, longest: int) -> str:
    """A title that fits, with an ellipsis where it is cut."""
    return title if units(title) <= longest else f"{next(pieces(title, longest - 1))}…"


def numbered(buttons: Sequence[Button]) -> str:
    """The choices as lines, such as "1 Monthly"."""
    return "\n".join(f"{place} {button.title}" for place, button in enumerate(buttons, start=1))


def gathered(replies: Sequence[Reply]) -> list[Reply]:
    """The replies to one message with all buttons at the last, so that each number means one."""
    if not replies:
        return []
    by_payload = {b.payload: b for reply in replies for b in buttons_of(reply)}
    bare = [reply.copy(update={"buttons": []}) for reply in replies[:-1]]
    return [*bare, replies[-1].copy(update={"buttons": list(by_payload.values())})]


def chosen(said: str, buttons: Sequence[Button]) -> str:
    """The payload of the choice that somebody named by number or by words; else what they said."""
    wanted = _bare(said)
    for place, button in enumerate(buttons, start=1):
        if wanted and wanted in (str(place), _bare(button.title)):
            return button.payload
    return said


def _bare(words: str) -> str:
    return re.sub(r"\W+", " ", words).strip().casefold()
