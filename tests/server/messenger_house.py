"""Servers with all messengers on, and the persons who write to them."""

from __future__ import annotations

import itertools
import signal
import time
import uuid
from pathlib import Path

import requests
import sqlalchemy as sa

from bot.store import inbox, outbox
from tests.server.conftest import Server, free_port
from tests.server.far_end import FarEnd
from tests.server.webhooks import ACCOUNT, ADDRESS, PEOPLE, SECRETS, SMS_NUMBER, WHATSAPP_NUMBER

PATIENCE = 10  # seconds that a platform may take to answer
MORE = "Say MORE for the rest."


class House:
    """Servers with all messengers on and one database, and the platforms' far end."""

    def __init__(self, folder: Path, database: str, servers: int = 1) -> None:
        self.far = FarEnd()
        self.past_logs = ""
        self._folder = folder
        self._database = database
        self._engine = sa.create_engine(database)
        self._ports = [free_port() for _ in range(servers)]
        self._turns = itertools.cycle(range(servers))
        self.servers = self._start()

    def _start(self) -> list[Server]:
        servers = []
        for port in self._ports:
            own = self._folder / str(port)
            own.mkdir(exist_ok=True)
            servers.append(
                Server(
                    own,
                    COMPANION_PORT=str(port),
                    COMPANION_DATABASE=self._database,
                    COMPANION_ADDRESS=ADDRESS,
                    COMPANION_LOG_LEVEL="DEBUG",  # even there nothing may be told
                    COMPANION_MESSENGER_SECONDS=str(PATIENCE),
                    COMPANION_TWILIO_ACCOUNT=ACCOUNT,
                    COMPANION_TWILIO_NUMBER=SMS_NUMBER,
                    COMPANION_TWILIO_WHATSAPP_NUMBER=WHATSAPP_NUMBER.removeprefix("whatsapp:"),
                    COMPANION_TELEGRAM_API=self.far.url,
                    COMPANION_SLACK_API=self.far.url,
                    COMPANION_FACEBOOK_API=self.far.url,
                    COMPANION_TWILIO_API=self.far.url,
                    **{f"COMPANION_{name}": secret for name, secret in SECRETS.items()},
                )
            )
        for server in servers:
            server.wait()
        return servers

    @property
    def server(self) -> Server:
        """One of the servers, another one each time."""
        return self.servers[next(self._turns)]

    @property
    def logs(self) -> str:
        """What all servers have written, also those that ended."""
        return self.past_logs + "".join(server.log for server in self.servers)

    def restart(self, how: signal.Signals) -> None:
        for server in self.servers:
            server.kill(how)
        self.past_logs = self.logs
        self.servers = self._start()

    def settle(self, seconds: float = 120) -> None:
        """Waits until nothing is left to be answered or sent."""
        deadline = time.monotonic() + seconds
        while self.waiting() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not self.waiting(), "the post is not worked off"
        assert not self.far.faults, self.far.faults

    def waiting(self) -> int:
        """How many messages are not answered, and replies not sent."""
        unanswered = sa.select(sa.func.count()).select_from(inbox.TABLE)
        unsent = (
            sa.select(sa.func.count())
            .select_from(outbox.TABLE)
            .where(outbox.TABLE.c.next_try.is_not(None))
        )
        both = sa.select(unanswered.scalar_subquery() + unsent.scalar_subquery())
        with self._engine.connect() as connection:
            return int(connection.execute(both).scalar())

    def post(self, name: str, body: bytes, headers: dict[str, str]) -> requests.Response:
        url = f"{self.server.url}/webhooks/{name}/webhook"
        return requests.post(url, data=body, headers=headers, timeout=30)

    def stop(self) -> None:
        for server in self.servers:
            server.stop()
        self.far.stop()
        self._engine.dispose()


class Person:
    """Somebody who writes on one platform."""

    def __init__(self, house: House, platform: str) -> None:
        number = uuid.uuid4().int % 10**8
        self._house, (self._write, name, address) = house, PEOPLE[platform]
        self.name, self.address = name(number), address(number)
        self.count = 0

    def sends(self, said: str, times: int = 1, number: str | None = None) -> None:
        name, body, headers = self._write(self.name, said, number)
        for _ in range(times):
            answer = self._house.post(name, body, headers)
            assert answer.status_code == 200, answer.text

    def says(self, said: str, times: int = 1) -> str:
        """What is answered to a message, all parts of it, also those that an SMS keeps back."""
        self.sends(said, times)
        self._house.settle()
        got = self._house.far.to(self.address)
        new, self.count = got[self.count :], len(got)
        assert new, "no answer came"
        shown = "\n".join(text for text, _ in new)
        return f"{shown}\n{self.says('more')}" if shown.endswith(MORE) else shown

    def taps(self, place: int = 0) -> str:
        """What is answered to a button of the newest message, counted from none."""
        body = self._house.far.to(self.address)[-1][1]
        if keys := body.get("reply_markup"):
            return self.says(keys["inline_keyboard"][place][0]["callback_data"])
        if blocks := body.get("blocks"):
            return self.says(blocks[-1]["elements"][place]["value"])
        if message := body.get("message"):
            return self.says(message["quick_replies"][place]["payload"])
        return self.says(str(place + 1))
