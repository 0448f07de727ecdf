"""The Rasa agent of this project.

Text is only ever text, a message is answered once, and actions run in the same process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Union

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import LockStore
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

from bot.dialogue.messages import OTHER_LANGUAGE, unreadable_as
from bot.guide.catalogue import load_catalogue
from bot.nlu.language import LanguageRecogniser
from bot.settings import get_settings


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


def offered_payloads(tracker: DialogueStateTracker) -> set[str]:
    """The payloads of all buttons that this conversation was offered."""
    return {
        button["payload"]
        for event in tracker.events
        if isinstance(event, BotUttered)
        for button in event.data.get("buttons") or []
    }


def replies_to(tracker: DialogueStateTracker, message_id: str) -> Optional[list[BotUttered]]:
    """What was answered to the message of that id; None when it never came."""
    replies: Optional[list[BotUttered]] = None
    for event in tracker.events:
        if isinstance(event, UserUttered):
            if replies is not None:
                break
            if event.message_id == message_id:
                replies = []
        elif isinstance(event, BotUttered) and replies is not None:
            replies.append(event)
    return replies


def _known_beforehand(text: str, occasion: str) -> dict[str, Any]:
    """What the pipeline would give for a message that it need not see."""
    intent = {"name": occasion, "confidence": 1.0}
    return {TEXT: text, INTENT: intent, ENTITIES: [], INTENT_RANKING_KEY: []}


class CompanionProcessor(MessageProcessor):
    """Rasa's processor with two promises: no typed commands, and no message answered twice."""

    def __init__(self, languages: LanguageRecogniser, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._languages = languages

    async def handle_message(self, message: UserMessage) -> Optional[list[dict[str, Any]]]:
        """Answers a message; one whose id was answered before gets the same replies again."""
        tracker = await self.tracker_store.retrieve(message.sender_id)
        known = replies_to(tracker, message.message_id) if tracker else None
        if known is None:
            return await super().handle_message(message)
        for reply in known:
            await message.output_channel.send_response(message.sender_id, reply.message())
        return None

    async def parse_message(
        self,
        message: UserMessage,
        tracker: Optional[DialogueStateTracker] = None,
        only_output_properties: bool = True,
    ) -> dict[str, Any]:
        """Understands a message; `/intent` counts only as the payload of an offered button."""
        text = message.text or ""
        if occasion := unreadable_as(text):
            return _known_beforehand(text, occasion)
        if text.startswith(INTENT_MESSAGE_PREFIX):
            if tracker is not None and text in offered_payloads(tracker):
                tapped = YAMLStoryReader.unpack_regex_message(Message({TEXT: text}), self.domain)
                return {ENTITIES: [], **tapped.as_dict(only_output_properties=True), TEXT: text}
            text = text.lstrip(INTENT_MESSAGE_PREFIX).replace("_", " ")
            message = UserMessage(text, sender_id=message.sender_id)
        if language := self._languages.foreign(text):
            return {**_known_beforehand(text, OTHER_LANGUAGE), "language": language}
        return await super().parse_message(message, tracker, only_output_properties)


class CompanionAgent(Agent):
    """Rasa's agent with this project's processor."""

    def load_model(self, model_path: Union[str, Path], fingerprint: Optional[str] = None) -> None:
        """Loads the trained model."""
        settings = get_settings()
        catalogue = load_catalogue(settings.content, settings.clinic_card)
        self.processor = CompanionProcessor(
            languages=LanguageRecogniser(catalogue.languages),
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
    tracker_store: Optional[TrackerStore] = None,
    lock_store: Optional[LockStore] = None,
) -> CompanionAgent:
    """The agent with its trained model.

    Args:
        model: The trained model's archive.
        tracker_store: Where conversations live; in memory when None.
        lock_store: Keeps one conversation's messages in order; in memory when None.

    Raises:
        FileNotFoundError: There is no model, with what to do about it.
    """
    if not model.is_file():
        raise FileNotFoundError(
            f"There is no trained model at {model}. Make one with `make train`."
        )
    agent = CompanionAgent(
        tracker_store=tracker_store, lock_store=lock_store, action_endpoint=InProcessActions()
    )
    agent.load_model(model)
    return agent
