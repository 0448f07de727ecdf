"""Runs the scripted conversations (*.yml beside this file) on the trained model, real actions.

A script is readable without knowing any code:

    - conversation: A father asks whether the fits will stop
      today: 2026-11-24                            # the clock's when left out
      channel: web                                 # the terminal when left out
      turns:
        - parent: will his fits ever stop?
          kind: answer                             # of the first reply
          statements: [recovery.seizures_tremor]   # each must be among those shown
          says: ["46.6%"]                          # must appear in the replies, in any case
          never_says: ["always"]                   # must not appear
          dates: [2026-11-26]                      # must be in the calendar that is shown
        - taps: Can my baby get fully well?        # the title of a button offered before
          kind: answer
        - parent: and how often?
          day: 2026-11-26                          # days have passed since the last message
          kind: answer

Every reply is also shown as each messenger would, within its documented limits.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import textwrap
import time
from pathlib import Path
from typing import Any, Optional

import pytest
from pydantic import BaseModel, Extra
from ruamel.yaml import YAML

from bot.channels.renderers.text import gathered
from bot.dialogue.reply import Reply
from bot.guide.catalogue import load_catalogue
from tests.conversations.limits_of_platforms import shown_everywhere

_now = time.time


class Turn(BaseModel, extra=Extra.forbid):
    """What the parent does, and what must be true of the replies."""

    parent: Optional[str] = None
    taps: Optional[str] = None
    day: Optional[dt.date] = None
    kind: str
    statements: list[str] = []
    says: list[str] = []
    never_says: list[str] = []
    dates: list[dt.date] = []


class Script(BaseModel, extra=Extra.forbid):
    """One conversation."""

    conversation: str
    today: Optional[dt.date] = None
    channel: Optional[str] = None
    turns: list[Turn]


def _scripts() -> list[Any]:
    return [
        pytest.param(Script.parse_obj(entry), id=f"{file.stem}: {entry['conversation']}")
        for file in sorted(Path(__file__).parent.glob("*.yml"))
        for entry in YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    ]


def _faults(turn: Turn, replies: list[dict[str, Any]]) -> list[str]:
    """What is not as the script wants it."""
    said = "\n".join(reply["text"] for reply in replies).casefold()
    shown = {name for reply in replies for name in reply["statements"]}
    kind = replies[0]["kind"] if replies else "silence"
    faults = [] if kind == turn.kind else [f"kind is {kind}, not {turn.kind}"]
    faults += [f"does not show {name}" for name in turn.statements if name not in shown]
    faults += [f"does not say: {words}" for words in turn.says if words.casefold() not in said]
    dates = {event["date"] for reply in replies for event in reply["schedule"] or []}
    faults += [f"has no {date}" for date in turn.dates if date.isoformat() not in dates]
    faults += [f"says: {words}" for words in turn.never_says if words.casefold() in said]
    return faults + _faults_in_messengers(replies)


def _faults_in_messengers(replies: list[dict[str, Any]]) -> list[str]:
    """What a messenger would refuse, or would show of a payload."""
    words = load_catalogue(Path("content")).messenger_words
    faults = []
    for reply in gathered([Reply.parse_obj(reply) for reply in replies]):
        try:
            everywhere = shown_everywhere(reply, words)
        except AssertionError as refused:
            faults.append(f"does not fit a messenger: {refused}")
            continue
        faults += [
            f"{platform} shows {button.payload}"
            for platform, shown in everywhere.items()
            for button in reply.buttons
            if button.payload in shown
        ]
    return faults


@pytest.mark.model
@pytest.mark.parametrize("script", _scripts())
def test_conversation(
    script: Script,
    agent: Any,
    loop: asyncio.AbstractEventLoop,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bot.terminal import Conversation

    today = script.today.isoformat() if script.today else None
    conversation = Conversation(agent, today, script.channel)
    transcript: list[str] = []
    failed = False
    offered: dict[str, str] = {}
    for turn in script.turns:
        shown_as = turn.parent if turn.parent is not None else f"[{turn.taps}]"
        transcript.append(f"parent: {shown_as}")
        if turn.taps is not None and turn.taps not in offered:
            pytest.fail("\n".join([*transcript, f"    ^ not offered: {turn.taps}"]), pytrace=False)
        if turn.day is not None and script.today is not None:
            days = (turn.day - script.today).days
            monkeypatch.setattr(time, "time", lambda later=days * 86400: _now() + later)
            conversation.today = turn.day.isoformat()
        said = turn.parent if turn.parent is not None else offered[turn.taps or ""]
        result = loop.run_until_complete(conversation.say(said))
        offered |= {b["title"]: b["payload"] for r in result["replies"] for b in r["buttons"]}
        for reply in result["replies"]:
            label = f"bot ({reply['kind']}, {result['intent']} {result['confidence']:.2f}): "
            transcript.append(textwrap.indent(label + reply["text"], "  "))
        for fault in _faults(turn, result["replies"]):
            failed = True
            transcript.append(f"    ^ {fault}")
    if failed:
        pytest.fail("\n".join(transcript), pytrace=False)
