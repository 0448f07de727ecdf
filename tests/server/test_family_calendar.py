"""A conversation's own calendar over HTTP: shown, taken along, and nobody else's."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import requests
import vobject

from tests.server.conftest import ROOT, Chat, Server

pytestmark = pytest.mark.server


def fetch(server: Server, chat: Chat, name: str) -> requests.Response:
    return requests.get(
        f"{server.url}/webhooks/web/{name}",
        headers=chat.headers,
        timeout=10,
    )


def test_a_calendar_can_be_shown_printed_and_taken_along(server: Server, chat: Chat) -> None:
    chat.say("make me a calendar")
    chat.say("yesterday")
    (calendar,) = chat.say("yes")
    assert calendar["kind"] == "schedule"
    assert calendar["schedule"]
    shown = fetch(server, chat, "calendar").json()
    assert calendar["text"].splitlines()[-1] in shown["text"]
    ET.fromstring(shown["timeline"])
    assert shown["clinic"]["phone"]
    file = fetch(server, chat, "calendar.ics")
    assert file.headers["Content-Type"].startswith("text/calendar")
    entries = vobject.readOne(file.text).vevent_list
    dates = [entry.dtstart.value.isoformat() for entry in entries]
    assert dates == [event["date"] for event in calendar["schedule"]]


def test_without_a_calendar_it_says_what_to_do(
    server: Server, new_chat: Callable[[], Chat]
) -> None:
    chat = new_chat()
    for name in ("calendar", "calendar.ics"):
        answer = fetch(server, chat, name)
        assert answer.status_code == 404
        assert "make my calendar" in answer.json()["error"]
        assert requests.get(f"{server.url}/webhooks/web/{name}", timeout=10).status_code == 401


def test_what_was_told_is_erased_with_the_conversation(
    server: Server, new_chat: Callable[[], Chat]
) -> None:
    chat = new_chat()
    chat.say("our first injection was yesterday, I breastfeed")
    chat.say("delete everything")
    assert fetch(server, chat, "calendar").status_code == 404


def companion(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot.cli", "schedule", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_the_command_prints_events_and_writes_a_file(tmp_path: Path) -> None:
    file = tmp_path / "b12.ics"
    done = companion(
        "--first", "2026-11-20", "--today", "2026-11-24", "--breastfeeding", "--json",
        "--ics", str(file),
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found[0] == {
        "date": "2026-11-24", "who": "baby", "what": "blood_count", "phase": None,
        "interval": None, "statements": ["protocol.blood_counts"],
    }  # fmt: skip
    entries = vobject.readOne(file.read_text()).vevent_list
    assert entries[0].dtstart.value == dt.date(2026, 11, 24)
    assert len(entries) == len(found)
    table = companion("--first", "2026-11-20", "--today", "2026-11-24").stdout
    assert "Thu 2026-11-26  [6]     B12 injection (baby)" in table


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--first", "30.2.2026"], "2026-11-24"),
        (["--first", "2027-03-01", "--today", "2026-11-24"], "60 days"),
        (["--first", "1890-01-01"], "18 years"),
        (["--first", "2026-11-20", "--interval", "3", "--today", "2026-11-24"], "two intervals"),
        (["--first", "2026-11-20", "--interval", "often"], "figures"),
        (["--first", "2026-11-20", "--months", "61", "--today", "2026-11-24"], "1 to 60"),
        (["--first", "2026-11-20", "--plateau", "2026-11-01", "--today", "2026-11-24"], "before"),
    ],
)
def test_refused_input_exits_2_with_one_sentence(arguments: list[str], says: str) -> None:
    done = companion(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
