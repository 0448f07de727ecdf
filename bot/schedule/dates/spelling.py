"""Brings dates as people type them into one spelling, for the grammar that reads them.

Names of months and weekdays become their first three letters, number words become figures, and
typing errors in any of them are mended: "Wensday the twentieth" is "wed the 20o".
"""

from __future__ import annotations

import re
from functools import lru_cache

from symspellpy.symspellpy import SymSpell
from symspellpy.verbosity import Verbosity

_MONTHS = "january february march april may june july august september october november december"
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday"
MONTH = {name[:3]: number for number, name in enumerate(_MONTHS.split(), start=1)}
WEEKDAY = {name[:3]: number for number, name in enumerate(_WEEKDAYS.split())}

_CARDINALS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_WORDS = {
    **{name: str(number) for number, name in enumerate(_CARDINALS.split(), start=1)},
    # A spelled ordinal is marked "o": bare "first" is rarely a day of the month.
    **{name: f"{number}o" for number, name in enumerate(_ORDINALS.split(), start=1)},
    "thirtieth": "30o", "b4": "before", "nights": "days",
    "tues": "tue", "weds": "wed", "thur": "thu", "thurs": "thu", "sept": "sep",
    "yday": "yesterday", "yest": "yesterday", "ystrday": "yesterday",
    "tday": "today", "2day": "today", "tonight": "today", "tonite": "today",
    "tmr": "tomorrow", "tmrw": "tomorrow", "tmw": "tomorrow", "2morrow": "tomorrow",
    "2moro": "tomorrow", "tomoz": "tomorrow",
    "wk": "week", "wks": "weeks", "mths": "months", "mth": "month",
    "dys": "days", "dy": "day", "dasy": "days", "wek": "week", "weks": "weeks",
    "xmas": "christmas",
}  # fmt: skip
# Words that a typing error may have been meant for, and words near them that mean something else.
_TARGETS = f"{_MONTHS} {_WEEKDAYS} today yesterday tomorrow"
_OTHERS = frozenset(
    ["toddy", "mayor", "marsh", "match", "monkey", "sundae", "dairy", "fried", "fridge", "duly",
     "augur", "moody", "sunny", "everyday", "midday", "number", "member", "remember"]
)  # fmt: skip

# "Sat" and "sun" are words of their own, unless they stand where a day does.
_NO_WEEKDAY = re.compile(
    r"(?<!^)(?<!on )(?<!last )(?<!this )(?<!next )(?<!past )(?<!coming )(?<!at )(?<!since )"
    r"(?<!, )(?<!or )(?<!was )(?<!think )(?<!ago )(?<!until )(?<!by )"
    r"\b(?:sat|sun|wed)\b(?! ?\d|$|,)"
)
MONTH_NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"


def spelled_alike(text: str) -> str:
    """The text in lower case, with words for numbers, short names and typing errors resolved."""
    text = text.lower().replace("\u2019", "'").replace("new year's", "new years")
    text = re.sub("[\u2010-\u2015]", "-", text)
    text = re.sub(r"(?<=[\d/.-])o(?=\d)|\bo(?=\d[/.-])", "0", text)  # the letter for the digit
    text = re.sub(r"(?<=\d)t(?=\d\d:)", " ", text)  # 2026-11-20T16:00
    text = re.sub(r" ?/ ?", "/", text)
    text = text.replace("b4", "before").replace("2day", "today")
    text = re.sub(r"(?<=\d) (?=(?:st|nd|rd|th)\b)", "", text)
    text = re.sub(rf"(?<=\d)(?=(?:{MONTH_NAMES}|wks?|weeks?|days?|mths?|months?)[a-z]*)", " ", text)
    text = re.sub(rf"(?<=\b(?:{MONTH_NAMES}))(?=\d)", " ", text)
    text = re.sub(r"\b(?:an? )?fortnight\b", "2 weeks", text)
    text = re.sub(r"\btwenty twenty[ -](five|six|seven|eight)\b", _spoken_year, text)
    text = re.sub(_NO_WEEKDAY, "-", text)
    text = re.sub(r"(?<=[a-z])'s\b", "", text)
    text = re.sub(r"[a-z]+(?:\d[a-z]+)*|\d[a-z]+", lambda match: _word(match.group()), text)
    text = re.sub(r"\b(20|30)[ -]?(\d)o\b", lambda m: f"{int(m[1]) + int(m[2])}o", text)
    return re.sub(r"\s+", " ", text).strip()


def _spoken_year(match: re.Match[str]) -> str:
    return f"202{_WORDS[match[1]]}"


def _word(word: str) -> str:
    word = _WORDS.get(word, word)
    if word in ("twenty", "thirty"):
        return {"twenty": "20", "thirty": "30"}[word]
    word = _mended(word) if len(word) >= 4 and word.isalpha() else word
    short = word[:3]
    if short in MONTH and _MONTHS.split()[MONTH[short] - 1].startswith(word):
        return short
    if short in WEEKDAY and _WEEKDAYS.split()[WEEKDAY[short]].startswith(word.removesuffix("s")):
        return short + ("s" if word.endswith("ys") else "")
    return word


@lru_cache(maxsize=1)
def _speller() -> SymSpell:
    speller = SymSpell(max_dictionary_edit_distance=2)
    for target in _TARGETS.split():
        speller.create_dictionary_entry(target, 1)
    return speller


def _mended(word: str) -> str:
    if word in _OTHERS or word in _WORDS:
        return word
    far = 2 if len(word) >= 7 else 1
    found = _speller().lookup(word, Verbosity.TOP, max_edit_distance=far)
    return found[0].term if found and len(word) >= 5 else word
