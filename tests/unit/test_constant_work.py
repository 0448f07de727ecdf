"""What is done once gives what Rasa gives when it does it each time."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.model  # imports Rasa


def test_the_graph_in_sequence_gives_what_dask_gives(agent: Any) -> None:
    from rasa.core.channels.channel import UserMessage
    from rasa.engine.runner.dask import DaskGraphRunner

    runner = agent.processor.graph_runner
    dask = object.__new__(DaskGraphRunner)
    dask._graph_schema = runner._schema
    dask._instantiated_nodes = runner._nodes
    dask._execution_context = None
    target = agent.processor.model_metadata.nlu_target
    found = []
    for each in (runner, dask):
        inputs = {"__message__": [UserMessage("Is it for life?")], "__tracker__": None}
        (message,) = each.run(inputs=inputs, targets=[target])[target]
        found.append(message.as_dict()["intent"])
    assert found[0] == found[1]
    assert found[0]["name"] == "ask_lifelong_treatment"


def test_event_types_are_found_and_an_unknown_one_is_refused(agent: Any) -> None:
    from rasa.shared.core.events import Event, SlotSet

    assert Event.resolve_by_type("slot") is SlotSet
    with pytest.raises(ValueError, match="Unknown event"):
        Event.resolve_by_type("nonsense")


def test_rasa_has_no_slot_to_fill_that_the_processor_would_leave_empty(agent: Any) -> None:
    mappings = [mapping for slot in agent.domain.slots for mapping in slot.mappings]
    assert {mapping["type"] for mapping in mappings} == {"custom"}, (
        "A slot is filled from messages: take run_action_extract_slots out of bot/agent.py."
    )
