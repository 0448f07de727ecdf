"""The Rasa agent of this project.

Text is only ever text, a message is answered once, and actions run in the same process.
"""

from __future__ import annotations

import asyncio
import copy
import logging
from pathlib import Path
from typing import Any, Optional, Union

from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock_store import LockStore
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.engine.constants import PLACEHOLDER_MESSAGE
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor
from sqlalchemy.exc import SQLAlchemyError

from actions.answer import ERRAND
from bot.constant_work import InSequence, do_constant_work_once
from bot.dialogue.conversation import PRIVACY
from bot.dialogue.family import Family
from bot.dialogue.messages import OTHER_LANGUAGE, as_id, as_text, unreadable_as
from bot.dialogue.reading import ASK_BACK
from bot.guide.catalogue import load_catalogue
from bot.guide.models import ClinicCard
from bot.lean_start import give_back_memory
from bot.metrics import ALARMS, FALLBACKS, REPLIES, SECONDS, TURNS
from bot.nlu.language import LanguageRecogniser
from bot.reading_together import ReadingTogether
from bot.reminding import Reminding
from bot.settings import get_settings
from bot.store.conversations import ConversationStore, PassingStore
from bot.store.turns import offered_payloads
from bot.store.writing import Overtaken

logger = logging.getLogger(__name__)

do_constant_work_once()

# At a turn that other processes overtake; each time, a message was answered by one of them.
_ATTEMPTS = 50
ASKING = "schedule__asking"  # a question of the calendar's that waits for an answer
ALARM_INTENTS = ("report_emergency", "report_crisis")

Conversations = Union[ConversationStore, PassingStore]


class InProcessActions(EndpointConfig):
    """Runs the project's actions without a second server."""

    def __init__(self, package: str = "actions") -> None:
        # Without the selective domain, the whole domain would be packed up for each action.
        super().__init__(url="in-process", enable_selective_domain=True)
        self._executor = ActionExecutor()
        self._executor.register_package(package)

    async def request(self, *args: Any, json: Any = None, **kwargs: Any) -> Any:
        """Runs the action that the call names and returns its events (called by Rasa)."""
        return await self._executor.run(json)


class _Held(OutputChannel):
    """Holds back what is said until it is kept."""

    def __init__(self) -> None:
        self.replies: list[dict[str, Any]] = []

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Holds one reply (called by Rasa)."""
        self.replies.append(message)


def _known_beforehand(text: str, occasion: str) -> dict[str, Any]:
    """What the pipeline would give for a message that it need not see."""
    intent = {"name": occasion, "confidence": 1.0}
    return {TEXT: text, INTENT: intent, ENTITIES: [], INTENT_RANKING_KEY: []}


class CompanionProcessor(MessageProcessor):
    """Rasa's processor with three promises.

    No typed commands, no message answered twice, and what a parent orders to be erased is erased.

    Args:
        languages: Recognises other languages.
        conversations: Where conversations and ratings live.
        keeps_words: Whether a rating is kept with the parent's question.
        clinic: Whose local date it is.
        reminding: Keeps reminders; None where nothing outlives the process.
    """

    def __init__(
        self,
        languages: LanguageRecogniser,
        conversations: Conversations,
        keeps_words: bool,
        clinic: ClinicCard,
        reminding: Optional[Reminding],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.graph_runner = InSequence(self.graph_runner)
        self._reading = ReadingTogether(self._read)
        self._languages = languages
        self._conversations = conversations
        self._keeps_words = keeps_words
        self._clinic = clinic
        self._reminding = reminding

    async def handle_message(self, message: UserMessage) -> Optional[list[dict[str, Any]]]:
        """Answers a message; one whose id was answered before gets the same replies again.

        Where another process has meanwhile answered in the same conversation, all is done again.

        Raises:
            Overtaken: That happened too often.
        """
        message.text = as_text(message.text or "")
        for reply in await self._replies(message):
            await message.output_channel.send_response(message.sender_id, reply)
        return None

    async def _replies(self, message: UserMessage) -> list[dict[str, Any]]:
        for _ in range(_ATTEMPTS):
            known = await self._conversations.replies_to(message.sender_id, message.message_id)
            if known is not None:
                return [reply.message() for reply in known]
            turn = copy.copy(message)
            turn.output_channel = held = _Held()
            try:
                with SECONDS.time():
                    await super().handle_message(turn)
            except Overtaken:
                continue
            TURNS.labels(str(message.input_channel)).inc()
            return held.replies
        raise Overtaken

    async def parse_message(
        self,
        message: UserMessage,
        tracker: Optional[DialogueStateTracker] = None,
        only_output_properties: bool = True,
    ) -> dict[str, Any]:
        """Understands a message; `/intent` counts only as the payload of an offered button."""
        parsed = await self._understood(message, tracker)
        parsed["today"] = (message.metadata or {}).get("today") or self._clinic.today().isoformat()
        parsed["channel"] = message.input_channel
        return parsed

    async def _understood(
        self,
        message: UserMessage,
        tracker: Optional[DialogueStateTracker],
    ) -> dict[str, Any]:
        text = message.text or ""
        if occasion := unreadable_as(text):
            return _known_beforehand(text, occasion)
        if text.startswith(INTENT_MESSAGE_PREFIX):
            if tracker is not None and text in offered_payloads(tracker):
                tapped = YAMLStoryReader.unpack_regex_message(Message({TEXT: text}), self.domain)
                return {ENTITIES: [], **tapped.as_dict(only_output_properties=True), TEXT: text}
            text = text.lstrip(INTENT_MESSAGE_PREFIX).replace("_", " ")
            message = UserMessage(text, sender_id=message.sender_id)
        if alarm := self._languages.alarm(text):
            intent = f"report_{alarm.kind}"
            return {**_known_beforehand(text, intent), "language": alarm.language}
        asked_for_a_date = tracker is not None and tracker.get_slot(ASKING) is not None
        if not asked_for_a_date and (language := self._languages.foreign(text)):
            return {**_known_beforehand(text, OTHER_LANGUAGE), "language": language}
        parsed = await self._reading.understood(message)
        if tracker is not None and parsed[INTENT]["name"] == PRIVACY:
            parsed["stored_messages"] = 1 + self._conversations.count_messages(tracker.sender_id)
        return parsed

    def _read(self, messages: list[UserMessage]) -> list[dict[str, Any]]:
        """Understands messages; Rasa's own way would hold up the loop with one at a time."""
        target = self.model_metadata.nlu_target
        found = self.graph_runner.run({PLACEHOLDER_MESSAGE: messages}, [target])[target]
        return [{ENTITIES: [], **one.as_dict(only_output_properties=True)} for one in found]

    async def run_action_extract_slots(
        self, output_channel: OutputChannel, tracker: DialogueStateTracker
    ) -> DialogueStateTracker:
        """Does not look for what messages fill in: here actions set all slots (called by Rasa)."""
        return tracker

    def prepare(self) -> None:
        """Does what need not be done before the first message: messages in other languages."""
        self._languages.prepare()

    async def raises_alarm(self, text: str) -> bool:
        """Whether a message, or a clause of it, may tell of danger."""
        parsed = await self.parse_message(UserMessage(text))
        intents = {part[INTENT]["name"] for part in (parsed, *parsed.get("parts", []))}
        return not intents.isdisjoint(ALARM_INTENTS)

    async def save_tracker(self, tracker: DialogueStateTracker) -> None:
        """Keeps the conversation, and does what its last turn ordered (called by Rasa)."""
        errand = tracker.get_slot(ERRAND) or {}
        if errand.get("erase"):
            self._conversations.erase(tracker.sender_id)
        else:
            await self._heed_reminders(tracker, errand.get("reminders"))
            await super().save_tracker(tracker)
        _count(tracker)
        if "helpful" in errand:
            words = _question_before(tracker) if self._keeps_words else None
            try:
                self._conversations.rate(
                    tracker.sender_id, errand["statements"], errand["helpful"], words
                )
            except SQLAlchemyError as error:  # a lost thumb must not cost the parent an answer
                logger.error("A rating was not kept: %s", type(error).__name__)

    async def _heed_reminders(self, tracker: DialogueStateTracker, order: Optional[str]) -> None:
        """Before the turn is kept: if it fails in between, the same message does all again."""
        family = Family.of_slots(tracker.current_slot_values())
        if self._reminding is not None and (order or family.complete):
            channel = tracker.get_latest_input_channel()
            heed = self._reminding.heed
            await asyncio.to_thread(heed, tracker.sender_id, channel, family, order)


def _count(tracker: DialogueStateTracker) -> None:
    """Counts what the latest turn was, and the kinds of its replies."""
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            REPLIES.labels(event.metadata.get("kind", "other")).inc()
        elif isinstance(event, UserUttered):
            alarms: Any = event.parse_data.get("alarms") or [event.intent]
            for alarm in alarms:
                if alarm.get("name") in ALARM_INTENTS:
                    ALARMS.labels(alarm["name"]).inc()
            if event.intent_name == ASK_BACK:
                FALLBACKS.inc()
            return


def _question_before(tracker: DialogueStateTracker) -> Optional[str]:
    """What the parent said before the latest message."""
    said = [event.text for event in tracker.events if isinstance(event, UserUttered)]
    return said[-2] if len(said) > 1 else None


class CompanionAgent(Agent):
    """Rasa's agent with this project's processor.

    Args:
        conversations: Where conversations and ratings live.
        lock_store: Keeps one conversation's messages in order; in memory when None.
    """

    processor: Optional[CompanionProcessor]

    def __init__(
        self, conversations: Conversations, lock_store: Optional[LockStore] = None
    ) -> None:
        super().__init__(
            tracker_store=conversations, lock_store=lock_store, action_endpoint=InProcessActions()
        )
        self._conversations = conversations

    @staticmethod
    def _create_tracker_store(store: Optional[TrackerStore], domain: Domain) -> TrackerStore:
        """The store as it is; Rasa would keep in memory, and answer, what could not be saved."""
        assert store is not None
        return store

    async def handle_message(self, message: UserMessage) -> Optional[list[dict[str, Any]]]:
        """Answers a message; a turn that has begun ends, also when its parent has gone away."""
        message.sender_id, message.message_id = as_id(message.sender_id), as_id(message.message_id)
        answering = asyncio.ensure_future(super().handle_message(message))
        # Where nobody waits any more, asyncio would log the error with the parent's words in it.
        answering.add_done_callback(lambda turn: turn.cancelled() or turn.exception())
        return await asyncio.shield(answering)

    def load_model(self, model_path: Union[str, Path], fingerprint: Optional[str] = None) -> None:
        """Loads the trained model."""
        settings = get_settings()
        catalogue = load_catalogue(settings.content, settings.clinic_card)
        reminding = None
        if isinstance(self._conversations, ConversationStore):
            sessions = self._conversations.session_scope
            reminding = Reminding(sessions, catalogue, settings.retention_days)
        self.processor = CompanionProcessor(
            languages=LanguageRecogniser(catalogue.languages.values(), catalogue.danger_signs),
            conversations=self._conversations,
            keeps_words=settings.feedback_words,
            clinic=catalogue.clinic,
            reminding=reminding,
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.processor.domain
        self.tracker_store.domain = self.domain
        self._set_fingerprint(fingerprint)


def load_agent(
    model: Path,
    conversations: Optional[Conversations] = None,
    lock_store: Optional[LockStore] = None,
) -> CompanionAgent:
    """The agent with its trained model.

    Args:
        model: The trained model's archive.
        conversations: Where conversations live; in memory when None.
        lock_store: Keeps one conversation's messages in order; in memory when None.

    Raises:
        FileNotFoundError: There is no model, with what to do about it.
    """
    if not model.is_file():
        raise FileNotFoundError(
            f"There is no trained model at {model}. Make one with `make train`."
        )
    agent = CompanionAgent(conversations or PassingStore(Domain.empty()), lock_store)
    agent.load_model(model)
    give_back_memory()
    return agent
