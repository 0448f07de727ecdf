"""The walls of the house: who may import whom, and what must agree with what."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from bot.guide.catalogue import load_catalogue
from bot.settings import Settings

ROOT = Path(__file__).parent.parent.parent
HEAVY = ["rasa", "rasa_sdk", "tensorflow", "spacy", "sqlalchemy", "sanic", "sklearn", "onnxruntime"]


@pytest.mark.parametrize(
    "package", ["bot.guide", "bot.dialogue", "bot.schedule", "bot.channels.renderers"]
)
def test_the_core_is_pure(package: str) -> None:
    code = (
        "import importlib, pkgutil, sys; package = importlib.import_module(sys.argv[1])\n"
        "for m in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(m.name)\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, package], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert not set(done.stdout.split()) & set(HEAVY)


# What platforms' secrets look like, private keys, and an address with a password.
SECRETS = re.compile(
    r"\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b|\bxox[abeprs]-[0-9A-Za-z-]{20,}"
    r"|\b(?:AC|SK)[0-9a-f]{32}\b|\bEAA[0-9A-Za-z]{60,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\w://[^\s:/@'\"]+:(?!password@|[A-Z]+@|[{$])[^\s:/@'\"]+@"
)


def test_no_secret_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("This is no git checkout.")
    found = [
        (name, match[0])
        for name in listed.stdout.decode().split("\0")[:-1]
        for match in SECRETS.finditer((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "secret",
    [
        f"{'1' * 9}:{'A' * 35}",
        f"xoxb-{'1' * 20}",
        f"AC{'0' * 32}",
        f"EAA{'A' * 80}",
        "-----BEGIN {}KEY-----".format("PRIVATE "),
        "{}://name:{}@host".format("postgresql", "hunter2"),
    ],
)
def test_a_secret_would_be_found(secret: str) -> None:
    assert SECRETS.search(f"x = {secret!r}")


def test_every_setting_is_documented() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.__fields__.items():
        assert f"`COMPANION_{name.upper()}`" in documented
        assert str(field.field_info.description) in documented


def test_every_command_is_documented() -> None:
    documented = (ROOT / "docs" / "developers.md").read_text(encoding="utf-8")
    for command in ("chat", "ask", "schedule", "check", "opinions", "serve"):
        assert f"companion {command}" in documented


def test_rules_cover_every_topic_and_message() -> None:
    rules = (ROOT / "data" / "rules" / "replies.yml").read_text(encoding="utf-8")
    ruled = set(re.findall(r"- intent: (\w+)", rules))
    listed = set(YAML(typ="safe").load(ROOT / "domain.yml")["intents"])
    assert ruled == listed
    assert set(load_catalogue(ROOT / "content").topics) <= listed


def test_no_training_example_stands_twice() -> None:
    seen: dict[str, str] = {}
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        for block in YAML(typ="safe").load(path)["nlu"]:
            for line in block["examples"].splitlines():
                plain = re.sub(r"\W+", " ", line.removeprefix("- ")).strip().casefold()
                assert plain not in seen or not plain, (
                    f"{plain!r}: {block['intent']}, {seen[plain]}"
                )
                seen[plain] = block["intent"]


def test_every_topic_has_25_examples() -> None:
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        for block in YAML(typ="safe").load(path)["nlu"]:
            assert len(block["examples"].splitlines()) >= 25, block["intent"]


def test_question_sets_are_apart_from_training() -> None:
    trained = {
        line.removeprefix("- ").strip().casefold()
        for path in (ROOT / "data" / "nlu").glob("*.yml")
        for block in YAML(typ="safe").load(path)["nlu"]
        for line in block["examples"].splitlines()
    }
    for path in (ROOT / "lookout" / "messages").rglob("*.txt"):
        trained |= {line.casefold() for line in path.read_text(encoding="utf-8").splitlines()}
    for path in {*(ROOT / "tests/nlu").glob("*/*.yml")} - {ROOT / "tests/nlu/tuning/languages.yml"}:
        for message in YAML(typ="safe").load(path)["messages"]:
            # A follow-up as common as "and for me?" may well be typed alike by everybody.
            for text in [message.get("text"), message.get("clean"), *message.get("turns", [])[:1]]:
                assert text is None or text.casefold() not in trained, path
