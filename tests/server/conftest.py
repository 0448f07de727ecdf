"""A real server for the tests, with its own folder for what it keeps."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).parent.parent.parent
SLOWEST_START = 90  # seconds, for a machine that is busy
SLOWEST_STOP = 60  # seconds; requests on their way are waited for, 15 seconds at most


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A running `companion serve`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = int(settings.get("COMPANION_PORT", free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = f"sqlite:///{folder / 'companion.db'}"
        self._log = folder / "server.log"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "serve"],
            cwd=ROOT,
            env={
                **os.environ,
                "COMPANION_PORT": str(self.port),
                "COMPANION_DATABASE": self.database,
                "COMPANION_SESSION_KEY": "a key for the tests, long enough to be safe",
                # All tests come from one address.
                "COMPANION_MESSAGES_PER_MINUTE_AND_ADDRESS": "100000",
                **settings,
            },
            stdout=self._log.open("w"),
            stderr=subprocess.STDOUT,
        )

    def wait(self) -> None:
        """Waits until the model answers."""
        deadline = time.monotonic() + SLOWEST_START
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if requests.get(f"{self.url}/health", timeout=5).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.2)
        pytest.fail(f"The server did not start:\n{self.log}")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def kill(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait(timeout=SLOWEST_STOP)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=SLOWEST_STOP)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"))
    try:
        running.wait()
        yield running
    finally:
        running.stop()


class Chat:
    """A parent's conversation over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/webhooks/web"
        token = requests.post(f"{self._url}/session", timeout=10).json()["session"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def post(self, body: Any) -> requests.Response:
        return requests.post(f"{self._url}/message", json=body, headers=self.headers, timeout=30)

    def say(self, text: str, **more: str) -> list[dict[str, Any]]:
        answer = self.post({"message": text, **more})
        assert answer.status_code == 200, answer.text
        replies: list[dict[str, Any]] = answer.json()
        return replies

    def history(self) -> list[dict[str, Any]]:
        turns: list[dict[str, Any]] = requests.get(
            f"{self._url}/history", headers=self.headers, timeout=10
        ).json()
        return turns


@pytest.fixture
def chat(server: Server) -> Chat:
    return Chat(server.url)


@pytest.fixture
def new_chat(server: Server) -> Callable[[], Chat]:
    return lambda: Chat(server.url)
