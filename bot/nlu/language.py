"""Recognises messages in other languages, offline (py3langid)."""

from __future__ import annotations

from collections.abc import Iterable

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from bot.nlu.spelling import english_words, words_of

# English has this many everyday words; rarer entries of the list are often other languages' words.
_EVERYDAY_WORDS = 20_000

# A message in which half of the words are everyday English is English, whatever names it holds.
_ENGLISH_SHARE = 0.5


class LanguageRecogniser:
    """Tells English from other languages.

    Args:
        languages: ISO 639-1 codes of the other languages to tell apart.
        least_probability: How sure the recogniser must be of the language, 0 to 1.
    """

    def __init__(self, languages: Iterable[str], least_probability: float = 0.7) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._identifier.set_languages(["en", *languages])
        self._least = least_probability
        frequency = english_words()
        self._english = frozenset(sorted(frequency, key=lambda w: -frequency[w])[:_EVERYDAY_WORDS])

    def foreign(self, text: str) -> str | None:
        """The code of the language of a text; None for English and for what cannot be told."""
        words = words_of(text)
        if not words or sum(w in self._english for w in words) / len(words) > _ENGLISH_SHARE:
            return None
        likeliest, probability = self._identifier.classify(text)
        if likeliest == "en" or probability < self._least:
            return None
        return str(likeliest)
