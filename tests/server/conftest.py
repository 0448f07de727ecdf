"""A real server for the tests, with its own folder for what it keeps."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).parent.parent.parent
SLOWEST_START = 240  # seconds, for a machine that is busy
SLOWEST_STOP = 120  # seconds; requests on their way are waited for, 15 seconds at most
SLOWEST_ANSWER = 90  # seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A running `companion serve`.

    Args:
        folder: For its log, and for its database unless the settings name another.
        module: What is run in place of `companion`.
        settings: Environment variables.
    """

    def __init__(self, folder: Path, module: str = "bot.cli", **settings: str) -> None:
        self.port = int(settings.get("COMPANION_PORT", free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = settings.get("COMPANION_DATABASE", f"sqlite:///{folder / 'companion.db'}")
        self._log = folder / "server.log"
        self._command = [sys.executable, "-m", module, "serve"]
        self._environment = {
            **os.environ,
            "COMPANION_SESSION_KEY": "a key for the tests, long enough to be safe",
            # All tests come from one address.
            "COMPANION_MESSAGES_PER_MINUTE_AND_ADDRESS": "100000",
            **settings,
            "COMPANION_PORT": str(self.port),
            "COMPANION_DATABASE": self.database,
        }
        self.start()

    def start(self) -> None:
        """Begins, or begins again where it was."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        """Waits until the model answers."""
        deadline = time.monotonic() + SLOWEST_START
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if requests.get(f"{self.url}/health", timeout=5).status_code == 200:
                    return
            except (requests.ConnectionError, requests.Timeout):
                pass
            time.sleep(0.2)
        self._process.kill()
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
        return requests.post(
            f"{self._url}/message", json=body, headers=self.headers, timeout=SLOWEST_ANSWER
        )

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

    def erase(self) -> None:
        gone = requests.delete(f"{self._url}/history", headers=self.headers, timeout=SLOWEST_ANSWER)
        assert gone.status_code == 200, gone.text


class Stream:
    """An open stream of events."""

    def __init__(self, chat: Chat, url: str, after: str | None = None) -> None:
        headers = {**chat.headers, **({"Last-Event-ID": after} if after is not None else {})}
        self._answer = requests.get(url, headers=headers, stream=True, timeout=30)
        assert self._answer.status_code == 200
        assert self._answer.headers["Content-Type"].startswith("text/event-stream")
        self.events: list[dict[str, str]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for line in self._answer.iter_lines(chunk_size=1, decode_unicode=True):
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields:
                    self.events.append(fields)
                    fields = {}
        except (requests.RequestException, AttributeError, ValueError):
            return  # closed while it was read

    def wait(self, count: int, seconds: float = 2.0) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        while len(self.events) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return [json.loads(event["data"]) for event in self.events]

    def close(self) -> None:
        self._answer.close()


@pytest.fixture
def chat(server: Server) -> Chat:
    return Chat(server.url)


@pytest.fixture
def new_chat(server: Server) -> Callable[[], Chat]:
    return lambda: Chat(server.url)
