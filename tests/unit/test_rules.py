"""The next action is what Rasa's own RulePolicy would take."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.model  # imports Rasa


@pytest.fixture(scope="module")
def policy(agent: Any) -> Any:
    from bot.rules import OneStepRulePolicy

    nodes = (node._component for node in agent.processor.graph_runner._nodes.values())
    (found,) = (node for node in nodes if isinstance(node, OneStepRulePolicy))
    return found


def _tracker(agent: Any, *intents: str, answered: bool) -> Any:
    from rasa.shared.core.events import ActionExecuted, UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker

    events: list[Any] = []
    for intent in intents:
        events += [ActionExecuted("action_listen"), UserUttered("words", {"name": intent})]
        events.append(ActionExecuted("action_reply"))
    end = len(events) if answered else -1
    return DialogueStateTracker.from_events("c", events[:end], agent.domain.slots)


@pytest.mark.parametrize("answered", [False, True])
def test_each_intent_leads_where_rasas_policy_leads(
    agent: Any, policy: Any, answered: bool
) -> None:
    from rasa.core.policies.rule_policy import RulePolicy

    for intent in [*agent.domain.intents, "restart"]:
        tracker = _tracker(agent, "greet", intent, answered=answered)
        found = policy.predict_action_probabilities(tracker, agent.domain)
        wanted = RulePolicy.predict_action_probabilities(policy, tracker, agent.domain)
        assert found == wanted, intent


def test_before_the_first_message_it_listens_as_rasas_does(agent: Any, policy: Any) -> None:
    from rasa.core.policies.rule_policy import RulePolicy
    from rasa.shared.core.trackers import DialogueStateTracker

    tracker = DialogueStateTracker.from_events("c", [], agent.domain.slots)
    found = policy.predict_action_probabilities(tracker, agent.domain)
    assert found == RulePolicy.predict_action_probabilities(policy, tracker, agent.domain)


def test_a_rule_with_a_condition_counts_only_where_it_holds(agent: Any, policy: Any) -> None:
    from bot.rules import OneStepRulePolicy

    states = [
        {
            "prev_action": {"action_name": "action_listen"},
            "slots": {"last_topic": [1.0]},
            "user": {"intent": "greet"},
        }
    ]
    lookup = {"rules": {json.dumps(states, sort_keys=True): "action_reply"}}
    conditional = OneStepRulePolicy(
        policy.config,
        policy._model_storage,
        policy._resource,
        policy_context(agent),
        policy.featurizer,
        lookup,
    )
    tracker = _tracker(agent, "greet", answered=False)
    found = conditional.predict_action_probabilities(tracker, agent.domain)
    assert found.max_confidence == pytest.approx(policy.config["core_fallback_threshold"])


def policy_context(agent: Any) -> Any:
    from rasa.engine.graph import ExecutionContext, GraphSchema

    return ExecutionContext(GraphSchema({}))
