"""Safety over HTTP: emergencies are never held back, what is erased is gone, thumbs are kept."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import Chat, Server

pytestmark = pytest.mark.server


def rows(server: Server, query: str) -> list[Any]:
    with sqlite3.connect(Path(server._log).parent / "companion.db") as connection:
        return connection.execute(query).fetchall()


def test_an_emergency_is_never_rate_limited(tmp_path: Path) -> None:
    server = Server(tmp_path, COMPANION_MESSAGES_PER_MINUTE="1")
    try:
        server.wait()
        chat = Chat(server.url)
        chat.say("hello")
        assert chat.post({"message": "how often are the shots"}).status_code == 429
        for text in ("my baby is not breathing", "SEIZURE NOW", "no respira mi bebé"):
            assert chat.say(text)[0]["kind"] == "emergency"
        assert chat.say("I want to kill myself")[0]["kind"] == "crisis"
        assert chat.post({"message": "how often are the shots"}).status_code == 429
    finally:
        server.stop()


def test_delete_everything_leaves_nothing(server: Server, new_chat: Callable[[], Chat]) -> None:
    chat, other = new_chat(), new_chat()
    other.say("Is it for life, says Pomegranata?")
    chat.say("Will the seizures of Xylophona stop?")
    chat.say("/feedback_helpful")
    (shown,) = chat.say("what do you store about me?")
    assert shown["kind"] == "privacy"
    assert "3 of your messages" in shown["text"]
    (erased,) = chat.say("delete everything")
    assert erased["kind"] == "privacy"
    assert "erased" in erased["text"]
    assert chat.history() == []
    everything = str(rows(server, "select * from events"))
    assert "Xylophona" not in everything
    assert "delete everything" not in everything
    assert "Pomegranata" in everything
    # The chat goes on as a new one.
    assert "does not replace" in chat.say("Will the seizures stop?")[-1]["text"]


def test_thumbs_are_kept_for_each_statement_without_words(server: Server, chat: Chat) -> None:
    (reply,) = chat.say("Will Quincelina's seizures stop?")
    chat.say("/feedback_unhelpful")
    assert chat.say("how often are the shots later on?")[0]["kind"] == "answer"
    kept = rows(
        server,
        "select statement, helpful, words from ratings where conversation = "
        "(select sender_id from events where data like '%Quincelina%' limit 1)",
    )
    assert sorted(row[0] for row in kept) == sorted(reply["statements"])
    assert {row[1:] for row in kept} == {(0, None)}


def test_words_are_kept_where_the_clinic_wants_them(tmp_path: Path) -> None:
    server = Server(tmp_path, COMPANION_FEEDBACK_WORDS="true")
    try:
        server.wait()
        chat = Chat(server.url)
        chat.say("Will the seizures stop?")
        chat.say("/feedback_helpful")
        assert {row[0] for row in rows(server, "select words from ratings")} == {
            "Will the seizures stop?"
        }
        shown = subprocess.run(
            [sys.executable, "-m", "bot.cli", "opinions"],
            env={**os.environ, "COMPANION_DATABASE": f"sqlite:///{tmp_path / 'companion.db'}"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "1        0  recovery.seizures_tremor" in shown.stdout
    finally:
        server.stop()
