"""The platforms' far end: a real HTTP server that holds what it gets to their documented limits."""

from __future__ import annotations

import base64
import email
import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.conversations.limits_of_platforms import (
    check_facebook,
    check_slack,
    check_sms,
    check_telegram,
    check_whatsapp,
)
from tests.server.webhooks import ACCOUNT, SECRETS, SMS_NUMBER, WHATSAPP_NUMBER

WAIT_ASKED = 3  # seconds, of one who was told 429


class FarEnd:
    """Plays Telegram, Slack, Facebook and Twilio on one port.

    Attributes:
        sent: The messages that were taken: recipient, visible text, whole body.
        faults: What a platform would have refused.
        called_at: When each call came, on the monotonic clock.
        moods: How the next calls are answered: a status, "slow", "silent" (the line breaks) or
            "never" (it stays open until the caller gives up); then all is well.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.files: list[bytes] = []
        self.faults: list[str] = []
        self.moods: deque[Any] = deque()
        self.called_at: list[float] = []
        self.lock = threading.Lock()
        far_end = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"] or 0)
                raw = self.rfile.read(length)
                if len(raw) < length:  # the server was killed in the middle of its call
                    self.close_connection = True
                    return
                with far_end.lock:
                    far_end.called_at.append(time.monotonic())
                    mood = far_end.moods.popleft() if far_end.moods else 200
                if mood == "never":
                    self.connection.recv(1)
                if mood in ("never", "silent"):
                    self.close_connection = True
                    self.connection.close()
                    return
                if mood == "slow":
                    time.sleep(2)
                elif mood != 200:
                    # As Telegram does it; longer than the first wait would be without it.
                    busy = {"parameters": {"retry_after": WAIT_ASKED}} if mood == 429 else {}
                    self.answer(mood, {"ok": False, "error_code": mood, **busy})
                    return
                try:
                    with far_end.lock:
                        far_end.take(self.path, dict(self.headers), raw)
                    self.answer(200, {"ok": True})
                except (AssertionError, KeyError) as fault:
                    far_end.faults.append(f"{self.path.split('/')[-1]}: {fault!r}")
                    self.answer(400, {"ok": False})

            def answer(self, status: int, body: Any) -> None:
                written = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, path: str, headers: dict[str, str], raw: bytes) -> None:
        """Takes one call as its platform would."""
        if path.endswith("/sendDocument"):
            assert path.startswith(f"/bot{SECRETS['TELEGRAM_TOKEN']}/")
            kind = headers["Content-Type"].encode()
            parts = email.message_from_bytes(b"Content-Type: " + kind + b"\n\n" + raw)
            named = {part.get_param("name", header="content-disposition"): part
                     for part in parts.get_payload()}  # fmt: skip
            assert set(named) == {"chat_id", "document", "caption"}
            assert 0 < len(named["caption"].get_payload()) <= 1024
            self.files.append(named["document"].get_payload(decode=True))
        elif path.endswith("/sendMessage"):
            body = json.loads(raw)
            assert path.startswith(f"/bot{SECRETS['TELEGRAM_TOKEN']}/") and isinstance(
                body["chat_id"], int
            )
            self.sent.append((str(body["chat_id"]), check_telegram(body), body))
        elif path == "/chat.postMessage":
            body = json.loads(raw)
            assert headers["Authorization"] == f"Bearer {SECRETS['SLACK_TOKEN']}"
            self.sent.append((body["channel"], check_slack(body), body))
        elif path == "/me/messages":
            body = json.loads(raw)
            assert headers["Authorization"] == f"Bearer {SECRETS['FACEBOOK_TOKEN']}"
            assert body["messaging_type"] == "RESPONSE"
            self.sent.append((body["recipient"]["id"], check_facebook(body["message"]), body))
        else:
            form = dict(parse_qsl(raw.decode()))
            assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
            key = f"{ACCOUNT}:{SECRETS['TWILIO_TOKEN']}".encode()
            assert headers["Authorization"] == f"Basic {base64.b64encode(key).decode()}"
            whatsapp = form["To"].startswith("whatsapp:")
            assert form["From"] == (WHATSAPP_NUMBER if whatsapp else SMS_NUMBER)
            shown = check_whatsapp(form["Body"]) if whatsapp else check_sms(form["Body"])
            self.sent.append((form["To"], shown, form))

    def to(self, recipient: str) -> list[tuple[str, dict[str, Any]]]:
        """What a person has got."""
        return [(shown, body) for to, shown, body in list(self.sent) if to == recipient]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
