"""What the safety look-out has learned, apart from how well (test_understanding.py)."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

pytestmark = pytest.mark.model


@pytest.mark.parametrize("reader", ["quick", "careful"])
def test_it_learned_from_the_messages_that_are_there(reader: str) -> None:
    from bot.nlu.lookout_branch import load_branch
    from lookout.messages import digest

    learned_from = load_branch(Path(f"lookout/{reader}.npz")).learned_from
    assert learned_from == digest(), "lookout/messages changed; run `make lookout`"


def test_few_of_a_parents_questions_are_read_twice(agent: Any, loop: AbstractEventLoop) -> None:
    from rasa.core.channels.channel import UserMessage

    from bot.nlu import careful_reader
    from tests.nlu.question_sets import read_set

    questions = [message["text"] for message in read_set("held_out", "in_scope")]
    with mock.patch.object(
        careful_reader.CarefulReader,
        "read",
        autospec=True,
        side_effect=careful_reader.CarefulReader.read,
    ) as read:
        for question in questions:
            loop.run_until_complete(agent.processor.parse_message(UserMessage(question)))
    assert read.call_count <= 0.1 * len(questions)


def test_no_message_has_two_classes() -> None:
    from bot.nlu.lookout_branch import CLASSES
    from lookout.messages import file_of

    seen: dict[str, str] = {}
    for name in CLASSES:
        for line in file_of(name).read_text(encoding="utf-8").splitlines():
            assert seen.setdefault(line.casefold(), name) == name, line
            assert line.strip() == line and line, f"{name}: an empty line or spaces around one"
