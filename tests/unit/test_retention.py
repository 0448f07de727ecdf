"""What is kept, and for how long; on a real SQLite database."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

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


def _today() -> dt.date:
    return dt.datetime.now(ZoneInfo("Europe/London")).date()


def _wants_reminders(store: Any, conversation: str, channel: str = "web") -> None:
    from bot.dialogue.family import Family
    from bot.store import reminders

    family = Family(first=_today(), breastfeeding=False).as_slots()
    with store.session_scope() as session:
        reminders.keep(session, reminders.Plan(conversation, channel, None, family, 0.0))
        reminders.expect(session, conversation, _today(), time.time() - 60)
        session.commit()


def _reminded(store: Any) -> set[str]:
    from bot.store import reminders

    with store.session_scope() as session:
        return {plan.conversation for plan in reminders.plans(session)}


def test_an_erased_conversation_gets_no_reminder(store: Any) -> None:
    from bot.guide.catalogue import load_catalogue
    from bot.reminding import Reminding

    content = Path(__file__).parent.parent.parent / "content"
    reminding = Reminding(store.session_scope, load_catalogue(content), 30)
    for conversation in ("one", "two"):
        _wants_reminders(store, conversation)
    store.erase("one")
    reminding.plan_all()
    while reminding.send_due():
        pass
    assert (len(store.pushes("one")), len(store.pushes("two"))) == (0, 1)
    assert _reminded(store) == {"two"}


def test_a_page_that_nobody_opens_is_reminded_no_more(store: Any, loop: Any) -> None:
    now = time.time()
    loop.run_until_complete(store.save(_tracker("silent", "long ago", now - 31 * 86400)))
    loop.run_until_complete(store.save(_tracker("new", "just now", now)))
    for conversation in ("silent", "new"):
        _wants_reminders(store, conversation)
    _wants_reminders(store, "on a messenger", "telegram")
    store.forget_before(now - 30 * 86400)
    assert _reminded(store) == {"new", "on a messenger"}
