"""Recognises messages in other languages, offline (py3langid)."""

from __future__ import annotations

from collections.abc import Iterable

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from bot.nlu.spelling import english_words, words_of

# So many words of the frequency list count as English; rarer ones are often other languages'.
_ENGLISH_WORDS = 45_000

# A message of which half the words are English is English, whatever names it holds.
_ENGLISH_SHARE = 0.5


class LanguageRecogniser:
    """Tells English from other languages.

    Args:
        languages: ISO 639-1 codes of the other languages to tell apart.
        least_probability: How sure the recogniser must be of the language, 0 to 1.
    """

    def __init__(self, languages: Iterable[str], least_probability: float = 0.6) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._identifier.set_languages(["en", *languages])
        self._least = least_probability
        frequency = english_words()
        self._english = frozenset(sorted(frequency, key=lambda w: -frequency[w])[:_ENGLISH_WORDS])

    def foreign(self, text: str) -> str | None:
        """The code of the language of a text; None for English and for what cannot be told."""
        words = words_of(text)
        if len(words) < 2 and text.isascii():
            return None  # one plain word: a typing error, a name, or nonsense
        if not words or sum(w in self._english for w in words) / len(words) >= _ENGLISH_SHARE:
            return None
        likeliest, probability = self._identifier.classify(text)
        if likeliest == "en" or probability < self._least:
            return None
        return str(likeliest)
