"""A disk that is full: said to the parent and to /health; with room again, all goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.server.conftest import Chat, Server

pytestmark = pytest.mark.server

SIZE = "4m"


class SmallDisk:
    """A file system of a few megabytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:  # no space left
                return

    def make_room(self) -> None:
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "companion", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("Only root, and not in every container, can mount a small disk.")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_said_and_nothing_acknowledged_is_lost(
    disk: SmallDisk, tmp_path: Path
) -> None:
    server = Server(tmp_path, COMPANION_DATABASE=f"sqlite:///{disk.folder / 'companion.db'}")
    try:
        server.wait()
        chat = Chat(server.url)
        said = [chat.say("Is it for life?", message_id="m0")]
        disk.fill()
        for message_id in ("m1", "m2"):
            refused = chat.post({"message": "Will the seizures stop?", "message_id": message_id})
            assert refused.status_code == 503
            assert "could not save this" in refused.json()["error"]
        health = requests.get(f"{server.url}/health", timeout=30)
        assert health.status_code == 503
        assert health.json() == {"status": "degraded", "failing": ["database"]}
        assert [turn["replies"] for turn in chat.history()] == said
        disk.make_room()
        said.append(chat.say("Will the seizures stop?", message_id="m1"))
        assert [turn["replies"] for turn in chat.history()] == said
        assert [turn["message_id"] for turn in chat.history()] == ["m0", "m1"]
        assert requests.get(f"{server.url}/health", timeout=30).json() == {"status": "ready"}
    finally:
        server.stop()
