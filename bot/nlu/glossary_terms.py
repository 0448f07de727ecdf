"""Finds the glossary's medical words in a message (spaCy phrase matcher), as entities."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.util import filter_spans

from bot.guide.catalogue import load_catalogue
from bot.nlu.english import english
from bot.settings import get_settings

ENTITY = "medical_word"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class GlossaryTermExtractor(GraphComponent, EntityExtractorMixin):
    """Adds an entity `medical_word` for each glossary word, in any of its forms.

    The longest match wins: "subacute combined degeneration" is one word, not three.
    """

    def __init__(self, spellings: list[str]) -> None:
        self._matcher = PhraseMatcher(english().vocab, attr="LOWER")
        self._matcher.add(ENTITY, [english().make_doc(spelling) for spelling in spellings])

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "GlossaryTermExtractor":
        """The component with the words of the content folder (called by Rasa)."""
        settings = get_settings()
        catalogue = load_catalogue(settings.content, settings.clinic_card)
        return cls([form for term in catalogue.terms for form in term.spellings])

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities to each message that has text."""
        for message in messages:
            if text := message.get(TEXT):
                found = self._entities(english().make_doc(text))
                entities = [*message.get(ENTITIES, []), *self.add_extractor_name(found)]
                message.set(ENTITIES, entities, add_to_output=True)
        return messages

    def _entities(self, doc: Doc) -> list[dict[str, Any]]:
        return [
            {
                ENTITY_ATTRIBUTE_TYPE: ENTITY,
                ENTITY_ATTRIBUTE_START: span.start_char,
                ENTITY_ATTRIBUTE_END: span.end_char,
                ENTITY_ATTRIBUTE_VALUE: span.text,
            }
            for span in filter_spans(self._matcher(doc, as_spans=True))
        ]
