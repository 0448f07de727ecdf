"""A disk that is full: said to the parent and to /health; with room again, all goes on."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.private_postgresql import PrivatePostgreSQL, private_postgresql
from tests.server.conftest import Chat, Server

pytestmark = pytest.mark.server


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


@contextmanager
def small_disk(size: str) -> Iterator[SmallDisk]:
    # Not in pytest's own folder: PostgreSQL's user cannot reach into it.
    with tempfile.TemporaryDirectory(prefix="companion-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "companion", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("Only root, and not in every container, can mount a small disk.")
        try:
            yield SmallDisk(Path(folder))
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk("4m") as mounted:
        yield mounted


def _is_said(refused: requests.Response, server: Server) -> None:
    assert refused.status_code == 503
    assert "could not save this" in refused.json()["error"]
    health = requests.get(f"{server.url}/health", timeout=30)
    assert health.status_code == 503
    assert health.json() == {"status": "degraded", "failing": ["database"]}


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
            _is_said(refused, server)
        assert [turn["replies"] for turn in chat.history()] == said
        disk.make_room()
        said.append(chat.say("Will the seizures stop?", message_id="m1"))
        assert [turn["replies"] for turn in chat.history()] == said
        assert [turn["message_id"] for turn in chat.history()] == ["m0", "m1"]
        assert requests.get(f"{server.url}/health", timeout=30).json() == {"status": "ready"}
    finally:
        server.stop()


MOST = 200  # messages until a full disk is felt: PostgreSQL has begun some pages


@pytest.fixture
def database() -> Iterator[tuple[SmallDisk, PrivatePostgreSQL]]:
    with small_disk("160m") as mounted, private_postgresql(mounted.folder) as running:
        yield mounted, running


def test_a_full_disk_under_postgresql_is_said_and_nothing_acknowledged_is_lost(
    database: tuple[SmallDisk, PrivatePostgreSQL], tmp_path: Path
) -> None:
    disk, postgresql = database
    server = Server(tmp_path, COMPANION_DATABASE=postgresql.url)
    try:
        server.wait()
        chat = Chat(server.url)
        said = [chat.say("Is it for life?", message_id="m0")]
        disk.fill()
        for number in range(1, MOST):
            message = {"message": "Will the seizures stop?", "message_id": f"m{number}"}
            answered = chat.post(message)
            if answered.status_code != 200:
                break
            said.append(answered.json())
        _is_said(answered, server)
        disk.make_room()
        postgresql.start()  # it may have ended: it could not write what it must
        said.append(chat.say(message["message"], message_id=message["message_id"]))
        assert [turn["replies"] for turn in chat.history()] == said
        assert [turn["message_id"] for turn in chat.history()] == [
            f"m{i}" for i in range(len(said))
        ]
        assert requests.get(f"{server.url}/health", timeout=30).json() == {"status": "ready"}
    finally:
        server.stop()
