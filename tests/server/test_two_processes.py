"""Two server processes behind the real nginx, on SQLite and PostgreSQL: all is there, and once."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from tests.databases import ENGINES, new_database
from tests.server.conftest import ROOT, Server, free_port

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(
        shutil.which("nginx") is None,
        reason="nginx is not installed; `make browser` tries to.",
    ),
]

urllib3.disable_warnings()  # the certificate is our own


class Proxy:
    """nginx with the documented configuration, on a free port, with a certificate of its own."""

    def __init__(self, folder: Path, servers: list[Server]) -> None:
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        certificate, key = folder / "cert.pem", folder / "key.pem"
        request = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -keyout {key}"
        command = ["openssl", *request.split(), "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True)
        site = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        for documented, server in zip(("127.0.0.1:5005", "127.0.0.1:5006"), servers, strict=True):
            site = site.replace(documented, f"127.0.0.1:{server.port}")
        site = re.sub(r"listen \d+ ssl", f"listen 127.0.0.1:{self.port} ssl", site)
        site = re.sub(r"ssl_certificate \S+;", f"ssl_certificate {certificate};", site)
        site = re.sub(r"ssl_certificate_key \S+;", f"ssl_certificate_key {key};", site)
        temporary = "".join(
            f"{name}_temp_path {folder / name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        whole = folder / "nginx.conf"
        whole.write_text(
            f"pid {folder / 'nginx.pid'};\ndaemon off;\nmaster_process off;\n"
            f"events {{}}\nhttp {{\n{temporary}{site}}}\n"
        )
        command = ["nginx", "-c", str(whole), "-p", str(folder), "-e", str(folder / "error.log")]
        self._process = subprocess.Popen(command)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        pytest.fail("nginx did not start")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)


class Pair:
    """Two servers with one database, and nginx before them."""

    def __init__(self, folder: Path, database: str) -> None:
        self._folder = folder
        self._database = database
        self.servers = [self.start(number) for number in range(2)]
        for server in self.servers:
            server.wait()
        self.proxy = Proxy(folder, self.servers)

    def start(self, number: int, port: int | None = None) -> Server:
        own = self._folder / f"server-{number}"
        own.mkdir(exist_ok=True)
        settings = {"COMPANION_DATABASE": self._database}
        if port is not None:
            settings["COMPANION_PORT"] = str(port)
        return Server(own, COMPANION_PROXIES="1", **settings)

    def stop(self) -> None:
        self.proxy.stop()
        for server in self.servers:
            server.stop()


@pytest.fixture(scope="module", params=ENGINES)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    with new_database(request.param, folder) as database:
        running = Pair(folder, database)
        try:
            yield running
        finally:
            running.stop()


def call(pair: Pair, method: str, name: str, **options: Any) -> requests.Response:
    url = f"{pair.proxy.url}/webhooks/web/{name}"
    return requests.request(method, url, verify=False, timeout=30, **options)


def open_session(pair: Pair) -> dict[str, str]:
    token = call(pair, "POST", "session", headers={"Origin": pair.proxy.url}).json()["session"]
    return {"Authorization": f"Bearer {token}", "Origin": pair.proxy.url}


def test_a_conversation_goes_on_in_either_process(pair: Pair) -> None:
    headers = open_session(pair)
    said = ["we started on 20 November 2026, I breastfeed", "Is it for life?", "why?", "and me?"]
    for text in said:
        answer = call(pair, "POST", "message", json={"message": text}, headers=headers)
        assert answer.status_code == 200, answer.text
    turns = call(pair, "GET", "history", headers=headers).json()
    assert [turn["user"] for turn in turns] == said
    assert call(pair, "GET", "calendar", headers=headers).status_code == 200
    for server in pair.servers:  # each has the whole
        url = f"{server.url}/webhooks/web/history"
        assert requests.get(url, headers=headers, timeout=10).json() == turns


def test_events_pass_the_proxy_at_once(pair: Pair) -> None:
    headers = open_session(pair)
    before = time.monotonic()
    with call(pair, "GET", "events", headers=headers, stream=True) as stream:
        assert next(stream.iter_lines()) == b": welcome"
    assert time.monotonic() - before < 2


def test_a_foreign_page_is_refused_behind_the_proxy(pair: Pair) -> None:
    headers = {**open_session(pair), "Origin": "https://elsewhere.example"}
    answer = call(pair, "POST", "message", json={"message": "hello"}, headers=headers)
    assert answer.status_code == 403


def test_killing_a_server_in_the_middle_of_answers_loses_nothing(pair: Pair) -> None:
    """Each client repeats a message under its id until it is answered, as the page does."""
    conversations = [open_session(pair) for _ in range(6)]
    questions = ["Is it for life?", "Will the seizures stop?", "Do I need shots too?", "why?"]

    def talk(headers: dict[str, str]) -> None:
        for question in questions:
            body = {"message": question, "message_id": uuid.uuid4().hex}
            for _ in range(60):
                try:
                    answer = call(pair, "POST", "message", json=body, headers=headers)
                except requests.ConnectionError:
                    answer = None
                if answer is not None and answer.status_code == 200:
                    break
                time.sleep(0.5)
            else:
                pytest.fail("never answered")

    with ThreadPoolExecutor(6) as pool:
        talks = [pool.submit(talk, headers) for headers in conversations]
        time.sleep(0.3)
        victim = pair.servers[0]
        victim.kill(signal.SIGKILL)
        pair.servers[0] = pair.start(0, victim.port)
        for running in talks:
            running.result()
    pair.servers[0].wait()
    for headers in conversations:
        turns = call(pair, "GET", "history", headers=headers).json()
        assert [turn["user"] for turn in turns] == questions
        assert all(turn["replies"] for turn in turns)


def test_bursts_to_one_conversation_lose_and_double_nothing(pair: Pair) -> None:
    """Stock Rasa with its lock in Redis lost messages in 7 of 18 such bursts."""
    sent = 20
    for _ in range(3):
        headers = open_session(pair)

        def say(number: int, headers: dict[str, str] = headers) -> Any:
            url = f"{pair.servers[number % 2].url}/webhooks/web/message"
            said = {"message": f"Is it for life? {number}", "message_id": f"m{number}"}
            headers = {"Authorization": headers["Authorization"]}
            return requests.post(url, json=said, headers=headers, timeout=60).json()

        with ThreadPoolExecutor(sent) as pool:
            answers = {f"m{number}": said for number, said in enumerate(pool.map(say, range(sent)))}
        turns = call(pair, "GET", "history", headers=headers).json()
        # Each message once, with the answer that its parent got: turns that were done again say
        # nothing of what they first had to say.
        assert len(turns) == sent
        assert {turn["message_id"]: turn["replies"] for turn in turns} == answers
        assert all(answers.values())


def test_the_same_message_in_both_processes_at_once_is_answered_once(pair: Pair) -> None:
    headers = {"Authorization": open_session(pair)["Authorization"]}
    body = {"message": "Is it for life?", "message_id": "only"}

    def say(server: Server) -> Any:
        url = f"{server.url}/webhooks/web/message"
        return requests.post(url, json=body, headers=headers, timeout=60).json()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(say, pair.servers * 2))
    assert all(answer == answers[0] and answer for answer in answers)
    assert len(call(pair, "GET", "history", headers=headers).json()) == 1
