"""REPLY: one message of the assistant, the same in the terminal, over HTTP and in the tracker."""

from __future__ import annotations

from typing import Any, Literal, Optional

from pydantic import BaseModel

ReplyKind = Literal[
    "answer", "clarify", "out_of_scope", "care_team", "emergency", "crisis", "schedule",
    "smalltalk", "handoff", "privacy", "error",
]  # fmt: skip


class Button(BaseModel, allow_mutation=False):
    """A reply that the parent can tap.

    Attributes:
        title: What the parent sees.
        payload: What is sent when it is tapped, such as `/ask_seizures`.
    """

    title: str
    payload: str


# Its buttons are those of other replies, too: none is copied.
class Reply(BaseModel, copy_on_model_validation="none"):
    """One message of the assistant.

    Attributes:
        kind: What sort of message it is (docs/developers.md lists the kinds).
        text: The whole message in plain words, reference numbers in brackets.
        statements: Ids of the guide's statements that the text shows, in order.
        references: The guide's reference numbers that stand in the text, ascending.
        buttons: Replies that the parent can tap.
        schedule: The events of a personal schedule, or None.
    """

    kind: ReplyKind
    text: str
    statements: list[str] = []
    references: list[int] = []
    buttons: list[Button] = []
    schedule: Optional[list[dict[str, Any]]] = None
