"""SMS and WhatsApp: plain text with numbered choices.

An SMS is one of at most three segments. One segment of several holds 153 characters of the phones'
own alphabet (GSM 03.38, in which a bracket counts twice), or 67 where another alphabet is needed.
What does not fit is kept back until the person asks for more. WhatsApp holds 1600 characters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Optional

from bot.channels.renderers.text import buttons_of, numbered, pieces, units
from bot.dialogue.reply import Reply
from bot.guide.models import MessengerWords

LONGEST_WHATSAPP = 1600
MOST_SEGMENTS = 3
_LONGEST_GSM = MOST_SEGMENTS * 153 - 2  # a character that counts twice is not cut in half
_LONGEST_OTHER = MOST_SEGMENTS * 67 - 2
_LINK_ROOM = 130  # of an address of our own with its signature

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")
_PLAINER = str.maketrans(
    {
        "•": "-",
        "\u2013": "-",
        "—": "-",
        "\u2019": "'",
        "\u2018": "'",
        "“": '"',
        "”": '"',
        "…": "...",
        "\u00a0": " ",
    }
)
_REFERENCES = re.compile(r"(?:\[\d+\])+")
# An address, or a sign that WhatsApp would format with, at the beginning of a word.
_FORMATS = re.compile(r"https?://\S+|(?<!\w)[*_~`](?=\S)")


def septets(text: str) -> Optional[int]:
    """The length in the phones' own alphabet; None where that lacks a character."""
    if not all(character in _GSM or character in _GSM_TWICE for character in text):
        return None
    return len(text) + sum(character in _GSM_TWICE for character in text)


def segments(text: str) -> int:
    """Into how many segments a network cuts an SMS."""
    length = septets(text)
    alone, several = (160, 153) if length is not None else (70, 67)
    size = units(text) if length is None else length
    return 1 if size <= alone else -(-size // several)


def sms(reply: Reply, words: MessengerWords, calendar: Optional[str] = None) -> str:
    """A reply as one SMS.

    Args:
        reply: The reply.
        words: The words of messengers.
        calendar: The line that leads to the calendar's file.
    """
    shown, rest = _cut(reply, words)
    end = words.more if rest else _choices(reply)
    return _joined(shown, calendar, end)


def rest_of_sms(reply: Reply, words: MessengerWords) -> Optional[Reply]:
    """What `sms` has kept back; None when that was all."""
    rest = _cut(reply, words)[1]
    return reply.copy(update={"text": rest, "schedule": None}) if rest else None


def whatsapp(reply: Reply, calendar: Optional[str] = None) -> list[str]:
    """A reply as WhatsApp messages, with nothing in it that WhatsApp would format."""
    text = _joined(reply.text, calendar, numbered(buttons_of(reply)))
    return list(pieces(_FORMATS.sub(_unformatted, text), LONGEST_WHATSAPP))


def _unformatted(found: re.Match[str]) -> str:
    # An address with anything put into it leads nowhere.
    return found[0] if len(found[0]) > 1 else f"\u200b{found[0]}\u200b"


def _cut(reply: Reply, words: MessengerWords) -> tuple[str, str]:
    """What is shown of the text, and what is kept back."""
    text, choices = _plain(reply.text), _choices(reply)
    room = _LONGEST_OTHER if septets(f"{text}{choices}") is None else _LONGEST_GSM
    if reply.schedule:
        room -= _LINK_ROOM
    if _size(_joined(text, choices)) <= room:
        return text, ""
    # Even where only the choices are too many, so that they come with the rest.
    longest = min(room - _size(words.more) - 2, _size(text) - 1)
    shown = next(pieces(text, longest, _size))
    return shown, text[len(shown) :].lstrip()


def _choices(reply: Reply) -> str:
    return _plain(numbered(buttons_of(reply)))


def _size(text: str) -> int:
    length = septets(text)
    return units(text) if length is None else length


def _joined(*parts: Optional[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _plain(text: str) -> str:
    """In the phones' own alphabet where a language can be written in it; references in short."""
    text = _REFERENCES.sub(lambda m: f"({','.join(re.findall(r'[0-9]+', m[0]))})", text)
    text = text.translate(_PLAINER)
    kept = []
    for character in text:
        if character in _GSM or character in _GSM_TWICE:
            kept.append(character)
            continue
        simpler = "".join(c for c in unicodedata.normalize("NFKD", character) if c in _GSM)
        if simpler or not character.isalpha():
            kept.append(simpler)  # an emoji goes: it would cost half of the room
        else:
            kept.append(character)
    return re.sub(r" {2,}", " ", "".join(kept)).strip()
