"""How hard a text is to read, with the glossary's words exempt by name."""

from __future__ import annotations

import re
from collections.abc import Iterable

# A sixth-grader's text: the aim for everything that parents read.
HIGHEST_GRADE = 6.0

# Words of a whole answer, its notes included: what a tired parent still reads on a phone.
LONGEST_ANSWER = 120


def reading_grade(text: str, exempt: Iterable[str] = ()) -> float:
    """The Flesch-Kincaid grade of a text.

    Args:
        text: Plain text; reference numbers such as [2] are left out.
        exempt: Words (the glossary's) that count as an everyday word of one syllable.
    """
    import textstat  # half a second and 17 MB, for `companion check` alone

    plain = re.sub(r"\s*\[\d+\]", "", text)
    words = sorted(exempt, key=len, reverse=True)
    if words:
        pattern = r"\b(?:" + "|".join(re.escape(word) for word in words) + r")\b"
        plain = re.sub(pattern, "word", plain, flags=re.IGNORECASE)
    return float(textstat.flesch_kincaid_grade(plain))
