"""What each platform's documentation allows, checked apart from the renderers' own figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bot.channels.renderers import facebook, phone, slack, telegram
from bot.dialogue.reply import Reply
from bot.guide.models import MessengerWords

LINK = "Your calendar as a file, for your phone: https://chat.clinic.example/calendar/" + "x" * 40


def utf16(text: str) -> int:
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


def check_telegram(body: dict[str, Any]) -> str:
    """https://core.telegram.org/bots/api#sendmessage, the visible text."""
    assert 1 <= utf16(body["text"]) <= 4096
    shown = [body["text"]]
    for row in body.get("reply_markup", {"inline_keyboard": []})["inline_keyboard"]:
        for key in row:
            assert key["text"] and 1 <= len(key["callback_data"].encode()) <= 64
            shown.append(key["text"])
    return "\n".join(shown)


def check_slack(body: dict[str, Any]) -> str:
    """https://docs.slack.dev/reference/methods/chat.postMessage and Block Kit."""
    assert 1 <= utf16(body["text"]) <= 40000
    assert 1 <= len(body["blocks"]) <= 50
    shown = [body["text"]]
    for block in body["blocks"]:
        if block["type"] == "section":
            assert block["text"]["type"] == "plain_text"
            assert 1 <= utf16(block["text"]["text"]) <= 3000
            shown.append(block["text"]["text"])
        else:
            assert block["type"] == "actions" and 1 <= len(block["elements"]) <= 25
            names = [element["action_id"] for element in block["elements"]]
            assert len(set(names)) == len(names)
            for element in block["elements"]:
                assert 1 <= utf16(element["text"]["text"]) <= 75
                assert 1 <= len(element["value"]) <= 2000
                shown.append(element["text"]["text"])
    text = "\n".join(shown)
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text), "not escaped"
    return text


def check_facebook(message: dict[str, Any]) -> str:
    """https://developers.facebook.com/docs/messenger-platform/reference/send-api."""
    assert 1 <= utf16(message["text"]) <= 2000
    assert len(message.get("quick_replies", [])) <= 13
    shown = [message["text"]]
    for quick in message.get("quick_replies", []):
        assert quick["content_type"] == "text"
        assert 1 <= utf16(quick["title"]) <= 20 and 1 <= len(quick["payload"]) <= 1000
        shown.append(quick["title"])
    return "\n".join(shown)


def check_sms(body: str) -> str:
    assert body and phone.segments(body) <= 3, f"{phone.segments(body)} segments"
    return body


def check_whatsapp(body: str) -> str:
    assert 1 <= utf16(body) <= 1600
    return body


def shown_everywhere(reply: Reply, words: MessengerWords) -> dict[str, str]:
    """What each platform shows of a reply; fails where one would refuse it."""
    link = LINK if reply.schedule else None
    pages = [phone.sms(reply, words, link)]
    rest = phone.rest_of_sms(reply, words)
    while rest is not None:
        pages.append(phone.sms(rest, words))
        rest = phone.rest_of_sms(rest, words)
    everywhere: dict[str, tuple[Callable[[Any], str], list[Any]]] = {
        "telegram": (check_telegram, telegram.messages(reply)),
        "slack": (check_slack, slack.messages(reply, link)),
        "facebook": (check_facebook, facebook.messages(reply, link)),
        "sms": (check_sms, pages),
        "whatsapp": (check_whatsapp, phone.whatsapp(reply, link)),
    }
    shown = {}
    for platform, (check, messages) in everywhere.items():
        try:
            shown[platform] = "\n".join(map(check, messages))
        except AssertionError as fault:
            raise AssertionError(f"{platform} would refuse it: {fault}") from fault
    return shown
