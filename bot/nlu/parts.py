"""Reads a message whole and in parts: two small components around the rest of the pipeline.

`ClausesAdded` puts the clauses of a message behind it, as messages of their own; every component
in between reads them all alike; `ClausesGathered` hangs what was understood of each clause on the
message it came from. Training sentences stay whole: Rasa runs only tokenizers and featurizers over
them, so these two are registered as extractors.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.clauses import clauses_of

PARTS = "parts"
ASKS = "asks"
IS_PART = "is_part"

MOST_CLAUSES = 24  # a long story has about fifteen; this bounds the time a message may take


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ClausesAdded(GraphComponent):
    """Adds the clauses of each message behind it. Goes before the featurizers."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "ClausesAdded":
        """The component (called by Rasa)."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Each message, followed by its clauses if it has several."""
        read: list[Message] = []
        for message in messages:
            read.append(message)
            clauses = clauses_of(message.get(TEXT) or "")
            if len(clauses) > 1:
                read += [
                    Message({TEXT: clause.text, ASKS: clause.asks, IS_PART: True})
                    for clause in clauses[-MOST_CLAUSES:]
                ]
        return read


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class ClausesGathered(GraphComponent):
    """Sets `parts` of each message: what was understood of each clause, in order. Goes last.

    A part has everything that a parsed message has, and `asks`: whether it has the form of a
    question. A message of a single clause has no parts.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "ClausesGathered":
        """The component (called by Rasa)."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """The messages without those that are parts."""
        wholes: list[Message] = []
        for message in messages:
            if message.get(IS_PART):
                part = {**message.as_dict(only_output_properties=True), ASKS: message.get(ASKS)}
                wholes[-1].get(PARTS).append(part)
            else:
                message.set(PARTS, [], add_to_output=True)
                wholes.append(message)
        return wholes
