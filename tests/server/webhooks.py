"""What persons send, as each platform's webhooks bring it: documented bodies, signed.

Slack's and Twilio's own packages make their signatures.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

ADDRESS = "https://chat.clinic.example"
SECRETS = {
    "TELEGRAM_TOKEN": "telegram-token",
    "TELEGRAM_SECRET": "telegram-secret",
    "SLACK_TOKEN": "slack-token",
    "SLACK_SIGNING_SECRET": "slack-secret",
    "FACEBOOK_TOKEN": "facebook-token",
    "FACEBOOK_SECRET": "facebook-secret",
    "FACEBOOK_VERIFY": "facebook-verify",
    "TWILIO_TOKEN": "twilio-token",
}
ACCOUNT, SMS_NUMBER, WHATSAPP_NUMBER = "AC1", "+15550001", "whatsapp:+15550002"

Signed = tuple[str, bytes, dict[str, str]]
JSON = {"Content-Type": "application/json"}


def telegram(who: int, said: str, update: str | None = None, **chat: Any) -> Signed:
    number = int(update) if update else uuid.uuid4().int % 10**9
    person = {"id": who, "is_bot": False, "first_name": "Ana", "language_code": "en"}
    place = {"id": who, "type": "private", "first_name": "Ana", **chat}
    if said.startswith("/"):
        inner = {"message_id": 1, "chat": place, "date": 1, "text": "..."}
        what = {"callback_query": {"id": "7", "from": person, "message": inner, "data": said,
                                   "chat_instance": "1"}}  # fmt: skip
    else:
        what = {"message": {"message_id": 1, "from": person, "chat": place, "date": 1,
                            "text": said}}  # fmt: skip
    return signed_telegram({"update_id": number, **what})


def signed_telegram(update: dict[str, Any], secret: str = SECRETS["TELEGRAM_SECRET"]) -> Signed:
    headers = {**JSON, "X-Telegram-Bot-Api-Secret-Token": secret}
    return "telegram", json.dumps(update).encode(), headers


def slack(who: str, said: str, number: str | None = None, **more: Any) -> Signed:
    number = number or uuid.uuid4().hex
    if said.startswith("/"):
        action = {"type": "button", "action_id": "choice-0", "block_id": "b", "value": said,
                  "action_ts": number}  # fmt: skip
        tapped = {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": f"U{who}"},
                  "channel": {"id": f"D{who}"}, "actions": [action]}  # fmt: skip
        body = urlencode({"payload": json.dumps(tapped)}).encode()
        return signed_slack(body, "application/x-www-form-urlencoded")
    event = {"type": "message", "channel": f"D{who}", "channel_type": "im", "user": f"U{who}",
             "text": said, "ts": "1.2", **more}  # fmt: skip
    whole = {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{number}", "event": event}
    return signed_slack(json.dumps(whole).encode())


def signed_slack(body: bytes, kind: str = "application/json", age: int = 0) -> Signed:
    stamp = str(int(time.time()) - age)
    made = SignatureVerifier(SECRETS["SLACK_SIGNING_SECRET"]).generate_signature(
        timestamp=stamp, body=body
    )
    headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": made}
    return "slack", body, headers


def facebook(who: str, said: str, number: str | None = None, **more: Any) -> Signed:
    message = {"mid": number or uuid.uuid4().hex, "text": said, **more}
    if said.startswith("/"):
        message |= {"text": "tapped", "quick_reply": {"payload": said}}
    event = {"sender": {"id": who}, "recipient": {"id": "page"}, "timestamp": 1, "message": message}
    entry = {"id": "page", "time": 1, "messaging": [event]}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    made = hmac.new(SECRETS["FACEBOOK_SECRET"].encode(), body, hashlib.sha256).hexdigest()
    return "facebook", body, {**JSON, "X-Hub-Signature-256": f"sha256={made}"}


def twilio(who: str, said: str, number: str | None = None, **more: str) -> Signed:
    to = WHATSAPP_NUMBER if who.startswith("whatsapp:") else SMS_NUMBER
    form = {"MessageSid": number or f"SM{uuid.uuid4().hex}", "AccountSid": ACCOUNT, "From": who,
            "To": to, "Body": said, "NumMedia": "0", "FromCity": "", **more}  # fmt: skip
    url = f"{ADDRESS}/webhooks/twilio/webhook"
    made = RequestValidator(SECRETS["TWILIO_TOKEN"]).compute_signature(url, form)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": made}
    return "twilio", urlencode(form).encode(), headers


# Of each platform: how a person with this name writes there, and how replies are addressed.
PEOPLE: dict[str, tuple[Callable[..., Signed], Callable[[int], Any], Callable[[int], str]]] = {
    "telegram": (telegram, lambda n: n, str),
    "slack": (slack, str, lambda n: f"D{n}"),
    "facebook": (facebook, str, str),
    "sms": (twilio, lambda n: f"+4477{n:08}", lambda n: f"+4477{n:08}"),
    "whatsapp": (twilio, lambda n: f"whatsapp:+4477{n:08}", lambda n: f"whatsapp:+4477{n:08}"),
}
