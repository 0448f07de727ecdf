"""What a parent's words answer: yes or no, not sure, monthly, "I nurse"."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.guide.models import AnswerWords
from bot.nlu.phrases import matcher, plain

_MONTHS = re.compile(r"\b(\d{1,3}) months?\b")


class Answers:
    """Finds meanings by the phrases of content/schedule/answers.yml."""

    def __init__(self, words: Iterable[AnswerWords]) -> None:
        self._patterns = {entry.means: matcher(entry.phrases) for entry in words}

    def means(self, text: str, meaning: str) -> bool:
        """Whether a text has a phrase of that meaning."""
        return self._patterns[meaning].search(plain(text)) is not None

    def yes_or_no(self, text: str) -> bool | None:
        """What comes first in the text, a yes or a no; None for neither or for "not sure"."""
        said = plain(text)
        if self._patterns["not_sure"].search(said):
            return None
        yes, no = (self._patterns[meaning].search(said) for meaning in ("yes", "no"))
        if yes and no:
            return yes.start() < no.start()
        return True if yes else False if no else None

    def breastfeeding(self, text: str) -> bool | None:
        """Whether the text says that the mother breastfeeds, or that she does not."""
        if self.means(text, "not_breastfeeding"):
            return False
        return True if self.means(text, "breastfeeding") else None

    def interval(self, text: str) -> int | None:
        """Months between later injections; 0 for an interval that the guide does not know."""
        if self.means(text, "two_monthly"):
            return 2
        if self.means(text, "monthly"):
            return 1
        return 0 if self.means(text, "another_interval") else None

    def months(self, text: str) -> int | None:
        """How many months the calendar is to cover."""
        found = _MONTHS.search(text.lower())
        return int(found[1]) if found else None
