"""A small assistant as Rasa's own documentation would have it, served by `rasa run`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

RASA = str(Path(sys.executable).parent / "rasa")

GREET = ["hello", "hi", "good morning", "hey there"]
BYE = ["bye", "goodbye", "see you", "until tomorrow"]

CONFIG = {
    "recipe": "default.v1",
    "assistant_id": "stock",
    "language": "en",
    "pipeline": [
        {"name": "WhitespaceTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "LogisticRegressionClassifier"},
    ],
    "policies": [{"name": "RulePolicy"}],
}
DOMAIN = {
    "version": "3.1",
    "intents": ["greet", "bye"],
    "entities": ["name"],
    "slots": {"name": {"type": "text", "mappings": [{"type": "from_entity", "entity": "name"}]}},
    "responses": {"utter_greet": [{"text": "Hello!"}], "utter_bye": [{"text": "Bye!"}]},
}
TRAINING = {
    "version": "3.1",
    "nlu": [
        {"intent": "greet", "examples": "".join(f"- {text}\n" for text in GREET)},
        {"intent": "bye", "examples": "".join(f"- {text}\n" for text in BYE)},
    ],
    "rules": [
        {"rule": name, "steps": [{"intent": name}, {"action": f"utter_{name}"}]}
        for name in ("greet", "bye")
    ],
}
CREDENTIALS = {
    "rest": None,
    "socketio": {
        "user_message_evt": "user_uttered",
        "bot_message_evt": "bot_uttered",
        "session_persistence": True,
    },
    "twilio": {"account_sid": "AC1", "auth_token": "secret", "twilio_number": "+15550001"},
}


def train(folder: Path) -> None:
    """Trains the assistant in a folder."""
    for name, content in (("config", CONFIG), ("domain", DOMAIN), ("credentials", CREDENTIALS)):
        _write(folder / f"{name}.yml", content)
    (folder / "data").mkdir()
    _write(folder / "data" / "training.yml", TRAINING)
    subprocess.run([RASA, "train", "--quiet"], cwd=folder, check=True)


def serve(folder: Path, port: int, database: str, database_port: int) -> "subprocess.Popen[bytes]":
    """Starts the trained assistant on PostgreSQL."""
    store = {
        "type": "SQL",
        "dialect": "postgresql",
        "url": "127.0.0.1",
        "port": database_port,
        "username": "postgres",
        "db": database,
    }
    _write(folder / "endpoints.yml", {"tracker_store": store})
    log = (folder / "server.log").open("wb")
    command = [RASA, "run", "--interface", "127.0.0.1", "--port", str(port)]
    return subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)


def _write(file: Path, content: Any) -> None:
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.dump(content, file)
