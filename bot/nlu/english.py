"""spaCy's rules for English words, which several components share."""

from __future__ import annotations

from functools import lru_cache

import spacy
from spacy.language import Language


@lru_cache(maxsize=1)
def english() -> Language:
    """Cuts texts into tokens and sentences; its norms turn "can't" and "cannot" into "can not"."""
    nlp = spacy.blank("en")
    ends = [".", "!", "?", "…", ";", "\n", "\n\n", "??", "???", "!!", "?!", "..", "..."]
    nlp.add_pipe("sentencizer", config={"punct_chars": ends})
    return nlp
