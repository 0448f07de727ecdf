"""The amounts, shares and intervals in a text, in a form that two wordings can be compared by."""

from __future__ import annotations

import re
from collections import Counter

# "B12" is a name, not a figure; "[2]" is a reference.
_NOT_FIGURES = re.compile(r"\bB ?12\b|\[\d+\]", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?\s?%?")
_UNIT = re.compile(r"\d\s?(mcg|mg|months?|hours|per day)\b", re.IGNORECASE)

# Figures that the guide writes as words, and the plain words that stand for the same.
_WORDS: dict[str, re.Pattern[str]] = {
    "monthly": re.compile(r"\bmonthly\b", re.IGNORECASE),
    "daily": re.compile(r"\bdaily\b", re.IGNORECASE),
    "alternate days": re.compile(r"\balternate days\b|\bevery other day\b", re.IGNORECASE),
    "for life": re.compile(r"\bfor life\b|\blifelong\b", re.IGNORECASE),
    "half of": re.compile(r"\bhalf of\b", re.IGNORECASE),
    "twice": re.compile(r"\btwice\b", re.IGNORECASE),
    "second half-year": re.compile(r"\bsecond half-year\b", re.IGNORECASE),
    "weeks to months": re.compile(r"\bweeks to months\b", re.IGNORECASE),
    "days": re.compile(r"\b(?:within|few) (?:a few )?days\b", re.IGNORECASE),
}


def figures_in(text: str) -> Counter[str]:
    """Numbers (with % where given), units after a number, and figures written as words.

    Words count once however often they stand; numbers count each time.

    >>> sorted(figures_in("1 mg every 2 months for life").elements())
    ['1', '2', 'for life', 'mg', 'month']
    """
    cleaned = _NOT_FIGURES.sub(" ", text)
    found: Counter[str] = Counter(re.sub(r"\s", "", m) for m in _NUMBER.findall(cleaned))
    found.update({unit.lower().removesuffix("s") for unit in _UNIT.findall(cleaned)})
    found.update({name for name, pattern in _WORDS.items() if pattern.search(cleaned)})
    return found
