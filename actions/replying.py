"""The base of all actions: speaks in REPLY, and apologises instead of falling silent."""

from __future__ import annotations

import logging
import traceback
from abc import ABC, abstractmethod
from typing import Any

from rasa_sdk.events import BotUttered
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from bot.dialogue.compose import Composer
from bot.dialogue.conversation import Conversation
from bot.dialogue.reply import Reply
from bot.guide.catalogue import load_catalogue
from bot.metrics import ERRORS
from bot.settings import get_settings

logger = logging.getLogger(__name__)

Events = list[dict[str, Any]]


def uttered(reply: Reply) -> dict[str, Any]:
    """The bot event that carries a reply, whole, in its metadata.

    Returned as an event rather than through the dispatcher, because Rasa drops the empty fields of
    dispatched messages.
    """
    # As reply.dict() has it, in a tenth of the time.
    whole = {**dict(reply), "buttons": [dict(button) for button in reply.buttons]}
    event: dict[str, Any] = BotUttered(
        text=reply.text, data={"buttons": whole["buttons"]}, metadata=whole
    )
    return event


class ReplyingAction(Action, ABC):
    """An action that answers with replies composed from the content.

    Subclasses give their name and `respond`. Whatever `respond` raises reaches the log (without the
    parent's words) and the parent gets an apology with the clinic's number.
    """

    def __init__(self) -> None:
        settings = get_settings()
        catalogue = load_catalogue(settings.content, settings.clinic_card)
        self.composer = Composer(catalogue, settings.retention_days)
        self.conversation = Conversation(catalogue, self.composer)

    @abstractmethod
    def respond(self, tracker: Tracker) -> Events:
        """The events of this action: replies (`uttered`) and slots."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Events:
        """Runs the action (called by Rasa)."""
        try:
            return self.respond(tracker)
        except Exception as error:  # the boundary: a parent always gets an answer
            # Only where it happened: the error's own message may quote the parent.
            where = "".join(traceback.format_tb(error.__traceback__))
            ERRORS.labels("action").inc()
            logger.error("%s failed with %s\n%s", self.name(), type(error).__name__, where)
            return [uttered(self.composer.fixed("broken"))]
