"""The unpacked language model says what the package's own says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.model  # loads a model

CODES = ["en", "es", "ar", "zh", "vi"]
TEXTS = [
    "¿Es para toda la vida?",
    "is it for life",
    "هل هذا مدى الحياة",
    "这是终身的吗",
    "",
    "\ud800 42",
]


@pytest.fixture(scope="module")
def packed() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(CODES)
    return identifier


def test_it_ranks_languages_as_the_package_does(packed: Any, tmp_path: Path) -> None:
    from bot.nlu.language_model import language_identifier

    for _ in range(2):  # made, then found
        unpacked = language_identifier(CODES, tmp_path / "cache")
        assert [unpacked.rank(text) for text in TEXTS] == [packed.rank(text) for text in TEXTS]


def test_a_folder_that_cannot_be_written_costs_no_answer(packed: Any, tmp_path: Path) -> None:
    from bot.nlu.language_model import language_identifier

    (tmp_path / "file").touch()
    identifier = language_identifier(CODES, tmp_path / "file" / "cache")
    assert identifier.rank(TEXTS[0]) == packed.rank(TEXTS[0])
