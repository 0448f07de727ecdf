"""A process that answers is small, and says so when a model asks it to be large."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.server.conftest import ROOT, Chat, Server
from tests.server.test_command_line import companion

pytestmark = [pytest.mark.server, pytest.mark.model]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Only Linux shows what is loaded.")
def test_a_server_that_answers_has_not_loaded_tensorflow(server: Server) -> None:
    chat = Chat(server.url)
    for text in ("Will the seizures stop?", "my baby is not breathing", "we started yesterday"):
        chat.say(text)
    loaded = Path(f"/proc/{server.pid}/maps").read_text(encoding="utf-8")
    assert "onnxruntime" in loaded  # the list is that of a process that has loaded its model
    assert "tensorflow" not in loaded


def test_a_model_with_deep_nets_is_refused_by_name(tmp_path: Path) -> None:
    ours, theirs = "bot.nlu.scoped_classifier.ScopedIntentClassifier", "DIETClassifier"
    model = tmp_path / "model.tar.gz"
    with tarfile.open(ROOT / "models" / "companion.tar.gz") as whole:
        whole.extractall(tmp_path / "model")
    metadata = tmp_path / "model" / "metadata.json"
    text = metadata.read_text(encoding="utf-8")
    path = f"rasa.nlu.classifiers.diet_classifier.{theirs}"
    metadata.write_text(text.replace(f'"uses": "{ours}"', f'"uses": "{path}"'), encoding="utf-8")
    with tarfile.open(model, "w:gz", compresslevel=1) as changed:
        changed.add(tmp_path / "model", arcname=".")
    done = companion("ask", given='{"turns": ["hello"]}', COMPANION_MODEL=str(model))
    assert done.returncode == 2
    assert done.stdout == ""
    assert theirs in done.stderr
    assert "make train" in done.stderr
    assert "Traceback" not in done.stderr
