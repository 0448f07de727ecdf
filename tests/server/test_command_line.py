"""The command line, run as a person would run it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.conftest import free_port

ROOT = Path(__file__).parent.parent.parent


def companion(
    *arguments: str, given: str = "", cwd: Path = ROOT, **settings: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        input=given,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **settings},
        timeout=120,
        check=False,
    )


@pytest.mark.model
def test_ask_holds_conversations_in_order() -> None:
    lines = [
        {"turns": ["Will the seizures stop?", "/ask_recovery_chance"]},
        {"turns": ["what does pallor mean?"]},
        {"turns": ["", "😭", "x" * 5000]},
        {"turns": []},
    ]
    done = companion("ask", "--today", "2026-11-24", given="\n".join(map(json.dumps, lines)))
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [len(result["turns"]) for result in results] == [2, 1, 3, 0]
    first = results[0]["turns"][0]
    assert first["user"] == "Will the seizures stop?"
    assert first["intent"] == "ask_seizures"
    assert 0 < first["confidence"] <= 1
    assert first["replies"][0]["statements"][0] == "recovery.seizures_tremor"
    kinds = [turn["replies"][0]["kind"] for turn in results[2]["turns"]]
    assert kinds == ["clarify", "clarify", "clarify"]


@pytest.mark.model
def test_ask_reads_a_file_and_reports_a_bad_line_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"turns": ["hello"]}\nhello\n{"turns": "hello"}\n{"turns": ["bye"]}\n')
    done = companion("ask", str(file))
    assert done.returncode == 1
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["turns" in result for result in results] == [True, False, False, True]
    assert "Line 2" in results[1]["error"]
    assert '{"turns": [' in results[2]["error"]


@pytest.mark.model
def test_chat_answers_and_takes_a_number_as_a_tap() -> None:
    done = companion("chat", given="Will the seizures stop?\n1\n")
    assert done.returncode == 0, done.stderr
    assert "46.6%" in done.stdout
    assert "1. Will the shaking and twitching go away?" in done.stdout
    assert "These movements are a known part" in done.stdout


def test_check_names_what_is_wrong(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(ROOT / "content", tmp_path / "content")
    statements = tmp_path / "content" / "statements.yml"
    statements.write_text(statements.read_text().replace("46.6% of", "6.46% of"))
    done = companion("check", COMPANION_CONTENT=str(tmp_path / "content"))
    assert done.returncode == 1
    assert "statements.yml:" in done.stderr
    assert "recovery.seizures_tremor" in done.stderr
    assert companion("check").returncode == 0


@pytest.mark.parametrize("command", ["serve", "ask", "chat"])
@pytest.mark.server
def test_a_missing_model_is_one_clear_sentence(tmp_path: Path, command: str) -> None:
    done = companion(command, COMPANION_MODEL=str(tmp_path / "none.tar.gz"))
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].endswith("Make one with `make train`.")


@pytest.mark.server
def test_a_taken_port_is_one_clear_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = companion("serve", COMPANION_PORT=str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "another port with COMPANION_PORT" in done.stderr


@pytest.mark.server
def test_a_folder_that_can_not_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    # A file where a folder is wanted: refused for every user, root included.
    (tmp_path / "file").write_text("")
    done = companion("serve", COMPANION_DATABASE=f"sqlite:///{tmp_path}/file/companion.db")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr.splitlines()[-1]
    assert str(tmp_path / "file") in done.stderr


def test_a_wrong_setting_is_named() -> None:
    done = companion("check", COMPANION_PORT="many")
    assert done.returncode == 2
    assert done.stderr.startswith("COMPANION_PORT: ")


@pytest.mark.server
@pytest.mark.parametrize(
    "settings",
    [
        {"DATABASE": "postgresql://companion:MARKED@127.0.0.1:1/companion"},
        {"DATABASE": "mysql://companion:MARKED@127.0.0.1/companion"},
        {"DATABASE": "companion:MARKED@127.0.0.1"},
        {"TELEGRAM_TOKEN": "MARKED"},
        {"TWILIO_ACCOUNT": "AC1", "TWILIO_TOKEN": "MARKED"},
        {"REST_TOKEN": "MARKED"},
    ],
    ids=lambda settings: " ".join(f"{name}={value}" for name, value in settings.items()),
)
def test_what_cannot_start_says_why_without_the_secret(settings: dict[str, str]) -> None:
    settings = {"PORT": str(free_port()), **settings}
    done = companion("serve", **{f"COMPANION_{name}": value for name, value in settings.items()})
    assert done.returncode == 2
    assert "COMPANION_" in done.stderr
    assert "MARKED" not in done.stdout + done.stderr


def test_help_names_the_commands() -> None:
    done = companion("--help")
    assert done.returncode == 0
    for command in ("chat", "ask", "check", "serve"):
        assert command in done.stdout


def test_a_date_that_is_none_is_refused() -> None:
    done = companion("ask", "--today", "2026-02-30")
    assert done.returncode == 2
    assert "write it as 2026-11-24" in done.stderr
