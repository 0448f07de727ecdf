"""SMS and WhatsApp over Twilio. Rasa's own connector does not look at the signature at all."""

from __future__ import annotations

import logging
import re
from typing import Optional
from urllib.parse import parse_qsl

import aiohttp
from sanic.request import Request
from sanic.response import HTTPResponse, raw
from twilio.request_validator import RequestValidator

from bot.channels.messengers.carrier_words import order_of
from bot.channels.messengers.messenger import CalendarCopy, Call, Messenger, Refused
from bot.channels.renderers import phone
from bot.dialogue.reply import Reply
from bot.guide.catalogue import load_catalogue
from bot.settings import Settings
from bot.store.inbox import Incoming

logger = logging.getLogger(__name__)

_PERSON = re.compile(r"(whatsapp:)?(\+[0-9]{7,15})")  # programs write from short codes and names


class TwilioChannel(Messenger):
    """A Twilio account with a number for SMS, one for WhatsApp, or both."""

    numbers_choices = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._words = load_catalogue(settings.content, settings.clinic_card).messenger_words

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place below /webhooks/."""
        return "twilio"

    @property
    def on(self) -> bool:
        """Whether account and token are set."""
        return bool(self._settings.twilio_token)

    def authentic(self, request: Request) -> bool:
        """Whether Twilio has signed the address it was told and the form it sends."""
        url = f"{self._settings.address}{request.path}"
        validator = RequestValidator(self._settings.twilio_token)
        signature = request.headers.get("x-twilio-signature", "")
        return bool(validator.validate(url, _form(request), signature))

    def messages(self, request: Request) -> list[Incoming]:
        """The message of a person."""
        form = _form(request)
        sender = _PERSON.fullmatch(form.get("From", ""))
        if sender is None or "MessageSid" not in form:
            return []
        kind = "whatsapp" if sender[1] else "sms"
        if self._sender(sender[0]) is None:
            logger.warning("A message by %s came, but no number to answer from is set.", kind)
            return []
        conversation = f"{kind}-{sender[2]}"
        number = f"twilio:{form['MessageSid']}"
        return [Incoming(number, conversation, self.name(), sender[0], self._said(form))]

    def _said(self, form: dict[str, str]) -> str:
        """The words; STOP, START or HELP for a word of the account's own that Twilio takes as it.

        Where Twilio takes "yes" as START, the post knows whether it is an answer.
        """
        said, taken_as = form.get("Body", ""), form.get("OptOutType")
        ours = order_of(said, self._words, stopped=True) is not None
        return taken_as if taken_as and not ours else said

    def _sender(self, recipient: str) -> Optional[str]:
        """The number that answers a person; None where it is not set."""
        if not recipient.startswith("whatsapp:"):
            return self._settings.twilio_number
        number = self._settings.twilio_whatsapp_number
        return f"whatsapp:{number}" if number else None

    def receipt(self, request: Request) -> HTTPResponse:
        """No answer by way of the webhook."""
        return raw(b"<Response/>", content_type="text/xml")

    def calls(self, recipient: str, reply: Reply, calendar: Optional[CalendarCopy]) -> list[Call]:
        """One SMS, or a WhatsApp message for each piece."""
        settings, line = self._settings, calendar.line if calendar else None
        sender = self._sender(recipient)
        if sender is None:
            raise Refused("no number to answer from")  # it was set when the message came
        if recipient.startswith("whatsapp:"):
            bodies = phone.whatsapp(reply, line)
        else:
            bodies = [phone.sms(reply, self._words, line)]
        account = f"{settings.twilio_api}/2010-04-01/Accounts/{settings.twilio_account}"
        auth = aiohttp.BasicAuth(str(settings.twilio_account), str(settings.twilio_token))
        return [
            Call(
                f"{account}/Messages.json",
                {"data": {"From": sender, "To": recipient, "Body": body}},
                auth=auth,
            )
            for body in bodies
        ]


def _form(request: Request) -> dict[str, str]:
    """The form with its empty fields, which are signed too; Sanic's own drops them."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
