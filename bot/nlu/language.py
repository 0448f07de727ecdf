"""Recognises messages in other languages and danger in them, offline (py3langid)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bot.guide.catalogue import load_catalogue
from bot.guide.models import DangerSign, OtherLanguage
from bot.nlu.language_model import language_identifier
from bot.nlu.phrases import matcher, plain
from bot.nlu.spelling import english_words, words_of
from bot.settings import get_settings

# So many words of the frequency list count as English; rarer ones are often other languages'.
_ENGLISH_WORDS = 45_000

# A message of which half the words are English is English, whatever names it holds. Danger is
# looked for up to a somewhat larger share: "baby ke lips neele", "no respira".
_ENGLISH_SHARE = 0.5
_SURELY_ENGLISH_SHARE = 0.6
_PERHAPS_ENGLISH_SHARE = 0.3  # then the recogniser decides

# How sure the recogniser must be of a language, 0 to 1.
_LEAST_PROBABILITY = 0.6


@dataclass(frozen=True)
class ForeignAlarm:
    """Danger in a message in another language.

    Attributes:
        kind: `emergency` or `crisis`.
        language: The code of the language.
    """

    kind: str
    language: str


class LanguageRecogniser:
    """Tells English from other languages, and finds their words of danger.

    Args:
        languages: The other languages, from the content.
        signs: What the look-out watches for in English: "convulsion" is Spanish, too.
    """

    def __init__(self, languages: Iterable[OtherLanguage], signs: Iterable[DangerSign]) -> None:
        known = list(languages)
        self._languages = known
        self._identifier = language_identifier(["en", *(language.code for language in known)])
        frequency = english_words()
        common = sorted(frequency, key=lambda word: -frequency[word])[:_ENGLISH_WORDS]
        phrases = (phrase for sign in signs for phrase in sign.phrases)
        self._english = frozenset([*common, *words_of(" ".join(phrases))])

    @cached_property
    def _danger(self) -> list[tuple[str, str, re.Pattern[str]]]:
        """Kinds, codes and words; put together when first needed, which takes 0.8 s."""
        return [
            *(("emergency", e.code, matcher(e.emergency_words)) for e in self._languages),
            *(("crisis", e.code, matcher(e.crisis_words)) for e in self._languages),
        ]

    def prepare(self) -> None:
        """Does now what the first message in another language would have to wait for."""
        assert self._danger

    def foreign(self, text: str) -> str | None:
        """The code of the language of a text; None for English and for what cannot be told."""
        words = words_of(text)
        if len(words) < 2 and text.isascii():
            return None  # one plain word: a typing error, a name, or nonsense
        if not words or self._english_share(words) >= _ENGLISH_SHARE:
            return None
        likeliest, probability = self._identifier.classify(text)
        if likeliest == "en" or probability < _LEAST_PROBABILITY:
            return None
        return str(likeliest)

    def alarm(self, text: str) -> ForeignAlarm | None:
        """The danger that words of another language point to; None where there are none.

        What is said of the danger is not understood: any such word is an alarm. Where the words
        could be of several languages ("convulsiones"), the recogniser chooses among them.
        """
        if self._may_be_english(text):
            return None
        written = plain(text)
        found = [(kind, code) for kind, code, danger in self._danger if danger.search(written)]
        if not found:
            return None
        codes = {code: self._likelihood(text, code) for _, code in found}
        kind, code = max(found, key=lambda entry: (codes[entry[1]], entry[0] == "emergency"))
        return ForeignAlarm(kind, code)

    def _may_be_english(self, text: str) -> bool:
        words = words_of(text)
        share = self._english_share(words) if words else 0.0
        if share > _SURELY_ENGLISH_SHARE:
            return True
        return share > _PERHAPS_ENGLISH_SHARE and self._identifier.classify(text)[0] == "en"

    def _likelihood(self, text: str, code: str) -> float:
        return float(dict(self._identifier.rank(text)).get(code, 0.0))

    def _english_share(self, words: list[str]) -> float:
        return sum(word.partition("'")[0] in self._english for word in words) / len(words)


def main() -> None:
    """Unpacks the language model for the content's languages, so that no server has to."""
    settings = get_settings()
    catalogue = load_catalogue(settings.content, settings.clinic_card)
    LanguageRecogniser(catalogue.languages.values(), catalogue.danger_signs)


if __name__ == "__main__":
    main()
