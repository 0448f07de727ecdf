"""Signed sessions."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.sessions import Sessions, session_key

KEY = "k" * 40


def test_a_token_opens_its_own_conversation_only() -> None:
    sessions = Sessions(KEY, days=1)
    first, second = sessions.open(), sessions.open()
    assert sessions.conversation(first) == sessions.conversation(first)
    assert sessions.conversation(first) != sessions.conversation(second)


@given(st.text(max_size=200))
def test_anything_else_opens_nothing(token: str) -> None:
    assert Sessions(KEY, days=1).conversation(token) is None


def test_foreign_and_old_tokens_open_nothing() -> None:
    assert Sessions(KEY, days=1).conversation(Sessions("x" * 40, days=1).open()) is None
    assert Sessions(KEY, days=1).conversation(Sessions(KEY, days=-1).open()) is None


def test_a_token_that_was_good_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(KEY, days=1)
    token = sessions.open()
    assert sessions.conversation(token)
    later = time.time() + 24 * 60 * 60 + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert sessions.conversation(token) is None


def test_a_token_opens_where_the_clock_goes_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: ahead)
    assert Sessions(KEY, days=1).conversation(Sessions(KEY, days=1).open())


def test_a_changed_token_opens_nothing() -> None:
    sessions = Sessions(KEY, days=1)
    head, _, signature = sessions.open().split(".")
    other = sessions.open().split(".")[1]
    assert sessions.conversation(f"{head}.{other}.{signature}") is None


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        Sessions("short", days=1)


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "var" / "session.key"
    key = session_key(None, file)
    assert session_key(None, file) == key
    assert len(key) >= 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert session_key("configured", file) == "configured"
