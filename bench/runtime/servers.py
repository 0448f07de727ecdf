"""Server processes to be measured, ours and stock Rasa's, and how a client speaks to each."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import requests
from ruamel.yaml import YAML
from sqlalchemy.engine import make_url

from tests.server.conftest import ROOT, free_port

SLOWEST_START = 300  # seconds
MANY = "1000000000"


class Bot(ABC):
    """An assistant in one or more server processes on one database.

    Args:
        urls: One for each process.
        pids: The processes.
    """

    def __init__(self, urls: list[str], pids: list[int]) -> None:
        self.urls = urls
        self.pids = pids

    @abstractmethod
    async def open(self, client: aiohttp.ClientSession) -> str:
        """Begins a conversation and gives what its messages need."""

    @abstractmethod
    def request(self, conversation: str, text: str) -> tuple[str, dict[str, Any]]:
        """Path and options of the POST of a message."""

    async def say(
        self, client: aiohttp.ClientSession, conversation: str, text: str, process: int = 0
    ) -> None:
        """Sends a message to one of the processes and waits for the answer.

        Raises:
            RuntimeError: There was none.
        """
        path, options = self.request(conversation, text)
        url = self.urls[process % len(self.urls)]
        async with client.post(url + path, **options) as answer:
            # Stock Rasa's deep nets, hardly trained, may choose to say nothing.
            if answer.status != 200 or await answer.json() is None:
                raise RuntimeError(f"{url} answered {answer.status}: {await answer.text()}")

    def resident_megabytes(self) -> float:
        """The first process's resident memory."""
        status = Path(f"/proc/{self.pids[0]}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


class Ours(Bot):
    """`companion serve`, by the calls that the chat makes."""

    async def open(self, client: aiohttp.ClientSession) -> str:
        """A session's token."""
        async with client.post(f"{self.urls[0]}/webhooks/web/session") as answer:
            return str((await answer.json())["session"])

    def request(self, conversation: str, text: str) -> tuple[str, dict[str, Any]]:
        """The call of the web channel."""
        headers = {"Authorization": f"Bearer {conversation}"}
        return "/webhooks/web/message", {"json": {"message": text}, "headers": headers}


class Stock(Bot):
    """`rasa run` with its REST channel."""

    async def open(self, client: aiohttp.ClientSession) -> str:
        """A sender that is not known yet."""
        return uuid.uuid4().hex

    def request(self, conversation: str, text: str) -> tuple[str, dict[str, Any]]:
        """The call of the REST channel."""
        return "/webhooks/rest/webhook", {"json": {"sender": conversation, "message": text}}


@contextmanager
def ours(database: str, folder: Path, processes: int = 1) -> Iterator[Ours]:
    """Our server, answering."""
    settings = {
        "COMPANION_DATABASE": database,
        "COMPANION_SESSION_KEY": "a key for the benchmark, long enough",
        # All load comes from one address.
        "COMPANION_MESSAGES_PER_MINUTE": MANY,
        "COMPANION_MESSAGES_PER_MINUTE_AND_ADDRESS": MANY,
        "COMPANION_LOG_LEVEL": "ERROR",
    }
    ports = [free_port() for _ in range(processes)]
    command = ["-m", "bot.cli", "serve"]
    started = [
        _start(command, ROOT, folder / f"ours-{port}.log", COMPANION_PORT=str(port), **settings)
        for port in ports
    ]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    with _running(started, [f"{url}/health" for url in urls], folder):
        yield Ours(urls, [process.pid for process in started])


@contextmanager
def stock(model: Path, database: str, folder: Path, processes: int = 1) -> Iterator[Stock]:
    """Stock Rasa with its SQL tracker store, answering.

    Two processes share Rasa's lock in Redis, one keeps it in memory, as its documentation advises.
    """
    address = make_url(database)
    endpoints: dict[str, Any] = {
        "tracker_store": {
            "type": "SQL",
            "dialect": "postgresql",
            "url": address.host,
            "port": address.port,
            "username": address.username,
            "db": address.database,
        },
    }
    if processes > 1:
        endpoints["lock_store"] = {"type": "redis", "url": "127.0.0.1", "port": 6379}
    files = {"endpoints.yml": endpoints, "credentials.yml": {"rest": None}}
    for name, content in files.items():
        with (model.parent / name).open("w", encoding="utf-8") as file:
            YAML().dump(content, file)
    ports = [free_port() for _ in range(processes)]
    started = [
        _start(
            ["-m", "rasa", "run", "-m", str(model), "-p", str(port), "-i", "127.0.0.1"],
            model.parent,
            folder / f"stock-{port}.log",
        )
        for port in ports
    ]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    with _running(started, [f"{url}/" for url in urls], folder):
        yield Stock(urls, [process.pid for process in started])


@contextmanager
def stock_actions(folder: Path) -> Iterator[str]:
    """The action server of stock Rasa, by its address."""
    port = free_port()
    command = ["-m", "rasa_sdk", "--port", str(port), "--actions", "bench.runtime.stock_actions"]
    process = _start(command, ROOT, folder / "actions.log")
    with _running([process], [f"http://127.0.0.1:{port}/health"], folder):
        yield f"http://127.0.0.1:{port}/webhook"


def _start(command: list[str], folder: Path, log: Path, **settings: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **settings}
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, *command], cwd=folder, env=environment, stdout=file, stderr=file
        )


@contextmanager
def _running(
    processes: list[subprocess.Popen[bytes]], ready: list[str], logs: Path
) -> Iterator[None]:
    """Waits until all answer, and ends them afterwards."""
    try:
        deadline = time.monotonic() + SLOWEST_START
        while ready:
            if any(process.poll() is not None for process in processes):
                raise RuntimeError(f"A server did not start; its log is in {logs}.")
            if time.monotonic() > deadline:
                raise TimeoutError(f"{ready[0]} did not answer within {SLOWEST_START} s.")
            try:
                if requests.get(ready[0], timeout=30).status_code == 200:
                    ready = ready[1:]
                    continue
            except requests.ConnectionError:
                pass
            time.sleep(0.02)
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=60)
