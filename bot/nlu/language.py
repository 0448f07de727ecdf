"""Recognises messages in other languages, offline (py3langid)."""

from __future__ import annotations

from collections.abc import Iterable

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from bot.nlu.spelling import english_words, words_of

# So many words of the frequency list count as English; rarer ones are often other languages'.
_ENGLISH_WORDS = 45_000
