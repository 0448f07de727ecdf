"""What is kept, and for how long; on a real SQLite database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.model  # imports Rasa


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from bot.settings import get_settings
    from bot.store.conversations import ConversationStore

    monkeypatch.setenv("COMPANION_DATABASE", f"sqlite:///{tmp_path}/new folder/companion.db")
    get_settings.cache_clear()
    yield ConversationStore()
    get_settings.cache_clear()


def _tracker(conversation: str, said: str, when: float) -> Any:
    from rasa.shared.core.events import UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker

    return DialogueStateTracker.from_events(conversation, [UserUttered(said, timestamp=when)])


def test_only_what_is_old_is_forgotten(store: Any, loop: Any) -> None:
    now = time.time()
    loop.run_until_complete(store.save(_tracker("old", "long ago", now - 31 * 86400)))
    loop.run_until_complete(store.save(_tracker("new", "just now", now)))
    assert store.forget_before(now - 30 * 86400) == 1
    assert loop.run_until_complete(store.retrieve_full_tracker("old")) is None
    assert loop.run_until_complete(store.retrieve_full_tracker("new")) is not None
    assert store.forget_before(now - 30 * 86400) == 0


def test_a_failing_statement_keeps_words_out_of_its_message(store: Any) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    with pytest.raises(SQLAlchemyError) as failed, store.engine.connect() as connection:
        connection.execute(text("insert into nowhere values (:said)"), {"said": "my secret worry"})
    assert "secret" not in str(failed.value)


def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.settings import get_settings
    from bot.store.conversations import ConversationStore

    monkeypatch.setenv("COMPANION_DATABASE", "nonsense")
    get_settings.cache_clear()
    with pytest.raises(ValueError, match="write it as sqlite"):
        ConversationStore()
    get_settings.cache_clear()
