"""The OpenAPI description of the REST connector, made of what the connector itself holds to."""

from __future__ import annotations

from typing import Any

from bot.dialogue.messages import LONGEST_MESSAGE
from bot.dialogue.reply import Reply

LONGEST_ID = 64

_ERRORS = {
    "400": "It is not the JSON that is described here.",
    "401": "The token is missing or wrong.",
    "413": "The message or the request is too long.",
    "500": "Our fault; the sentence names the clinic's number.",
    "503": "The model is still loading, or the message could not be kept. Send it again.",
}


def description() -> dict[str, Any]:
    """The connector in OpenAPI 3.0."""
    a_short_text = {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_ID,
    }
    message = {
        "type": "object",
        "required": ["sender", "message"],
        "properties": {
            "sender": {**a_short_text, "description": "Whose conversation it is; your own number."},
            "message": {
                "type": "string",
                "maxLength": LONGEST_MESSAGE,
                "pattern": "[^\\s\\u0000]",
                "description": "What was written, or the payload of a button that was offered.",
            },
            "message_id": {
                **a_short_text,
                "nullable": True,
                "description": "Your own number of the message: sent again, it is no new turn.",
            },
        },
    }
    answer = {"allOf": [_ref("Reply"), {"required": ["recipient_id"]}]}
    return {
        "openapi": "3.0.3",
        "info": {"title": "B12 Companion", "version": "1"},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {
            "/webhooks/rest/webhook": {
                "post": {
                    "operationId": "say",
                    "summary": "A parent says something; the assistant answers.",
                    "requestBody": {"required": True, "content": _json(message)},
                    "responses": {
                        "200": {
                            "description": "The replies, in order.",
                            "content": _json({"type": "array", "items": answer}),
                        },
                        **{
                            status: {"description": why, "content": _json(_ref("Error"))}
                            for status, why in _ERRORS.items()
                        },
                    },
                }
            }
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                **_reply(),
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string", "description": "One sentence."}},
                },
            },
        },
    }


def _reply() -> dict[str, Any]:
    reply = Reply.schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = reply.pop("definitions")
    reply["properties"]["schedule"]["nullable"] = True
    reply["properties"]["recipient_id"] = {"type": "string", "description": "The sender again."}
    return {"Reply": reply, **parts}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
