"""Backup and restore, by the very commands of docs/operations.md, with a real server's tables."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.databases import new_database
from tests.private_postgresql import binaries
from tests.server.conftest import ROOT, Chat, Server, free_port

pytestmark = pytest.mark.server


def documented(program: str) -> str:
    """The one documented command that begins so."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (command,) = re.findall(rf"^{program} .*$", text, re.MULTILINE)
    return str(command)


def run(command: str, folder: Path) -> None:
    subprocess.run(shlex.split(command), cwd=folder, check=True)


@contextmanager
def serving(folder: Path, database: str, port: int) -> Iterator[Server]:
    server = Server(folder, COMPANION_DATABASE=database, COMPANION_PORT=str(port))
    try:
        server.wait()
        yield server
    finally:
        server.kill(signal.SIGKILL)  # its machine is gone


def hold_a_conversation(server: Server) -> Chat:
    chat = Chat(server.url)
    buttons = chat.say("Is it for life?", message_id="before")[0]["buttons"]
    (thumb,) = (b["payload"] for b in buttons if b["payload"] == "/feedback_helpful")
    chat.say(thumb)
    chat.say("we started on 20 November 2026 and I do not breastfeed")
    chat.say("remind us please")
    return chat


def rows(database: str) -> dict[str, list[Any]]:
    """All that a database holds, by table."""
    engine, tables = sa.create_engine(database), sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        kept = {
            name: sorted(map(repr, connection.execute(sa.select(table))))
            for name, table in tables.tables.items()
        }
    engine.dispose()
    return kept


def check_restored(chat: Chat, kept: dict[str, list[Any]]) -> None:
    for table in ("events", "conversations", "messages", "ratings", "reminder_plans", "reminders"):
        assert kept[table], f"nothing to be restored in {table}"
    turns = chat.history()
    assert turns[0]["user"] == "Is it for life?"
    assert chat.say("Is it for life?", message_id="before") == turns[0]["replies"]
    assert chat.history() == turns
    chat.say("Will the seizures stop?", message_id="after")  # said again: it was lost
    assert len(chat.history()) == len(turns) + 1
    assert "remind" in chat.say("STOP")[0]["text"]


def test_a_copy_of_sqlite_made_while_the_server_runs_restores(tmp_path: Path) -> None:
    database, port = f"sqlite:///{tmp_path / 'var' / 'companion.db'}", free_port()
    with serving(tmp_path, database, port) as server:
        chat = hold_a_conversation(server)
        kept = rows(database)
        run(documented("python3"), tmp_path)
        chat.say("Will the seizures stop?", message_id="after")
    run(documented("cp"), tmp_path)
    assert rows(database) == kept
    with serving(tmp_path, database, port):
        check_restored(chat, kept)


def test_a_dump_of_postgresql_made_while_the_server_runs_restores(tmp_path: Path) -> None:
    port = free_port()
    dump, restore = (f"{binaries()}/{documented(name)}" for name in ("pg_dump", "pg_restore"))
    with new_database("postgresql", tmp_path) as old, new_database("postgresql", tmp_path) as new:
        with serving(tmp_path, old, port) as server:
            chat = hold_a_conversation(server)
            kept = rows(old)
            run(dump.replace("postgresql://HOST/companion", old), tmp_path)
            chat.say("Will the seizures stop?", message_id="after")
        run(restore.replace("postgresql://HOST/companion_restored", new), tmp_path)
        assert rows(new) == kept
        with serving(tmp_path, new, port):
            check_restored(chat, kept)
