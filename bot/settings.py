"""Every setting in one place: its meaning, its safe local default, its environment variable.

docs/settings.md lists the same; a test holds the two together.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Optional

from pydantic import BaseSettings, Field, validator
from pydantic.fields import ModelField


class Settings(BaseSettings):
    """Read from environment variables named `COMPANION_` and the setting in capitals."""

    host: str = Field(default="127.0.0.1", description="Address the server listens on.")
    port: int = Field(default=5005, ge=1, le=65535, description="Port the server listens on.")
    model: Path = Field(default=Path("models/companion.tar.gz"), description="The trained model.")
    content: Path = Field(
        default=Path("content"), description="Folder with everything parents read."
    )
    clinic_card: Optional[Path] = Field(
        default=None,
        description="The clinic's own card; the content folder's clinic.yml when empty.",
    )
    database: str = Field(
        default="sqlite:///var/companion.db",
        description="SQLAlchemy URL of the conversations' database.",
    )
    session_key: Optional[str] = Field(
        default=None,
        description="Secret that signs web sessions, at least 32 characters; when empty, a random "
        "one is made once and kept in var/session.key.",
    )
    session_days: int = Field(
        default=30, ge=1, description="How long a web session stays valid, in days."
    )
    retention_days: int = Field(
        default=30,
        ge=1,
        description="How long the clinic keeps conversations, in days; told to parents.",
    )
    messages_per_minute: int = Field(
        default=30, ge=1, description="Messages that one web session may send in a minute."
    )
    messages_per_minute_and_address: int = Field(
        default=120,
        ge=1,
        description="Messages and new sessions that one network address may send in a minute; "
        "a hospital's families may share one.",
    )
    proxies: int = Field(
        default=0,
        ge=0,
        description="How many reverse proxies of your own stand before the server; the sender's "
        "address is then taken from their X-Forwarded-For.",
    )
    sites: str = Field(
        default="",
        description="Origins of the pages that may show the chat in a frame, apart by blanks, such "
        "as `https://clinic.example`; the server's own pages always may.",
    )
    rest_token: Optional[str] = Field(
        default=None,
        min_length=32,
        description="Secret of a clinic's own programs, at least 32 characters; the connector at "
        "/webhooks/rest/webhook is off when empty.",
    )
    address: str = Field(
        default="",
        description="The server's public address, such as `https://chat.clinic.example`; Twilio "
        "and links to calendar files need it.",
    )
    telegram_token: Optional[str] = Field(default=None, description="Token of the Telegram bot.")
    telegram_secret: Optional[str] = Field(
        default=None, description="Secret token that was given to Telegram's setWebhook."
    )
    slack_token: Optional[str] = Field(default=None, description="Bot token of the Slack app.")
    slack_signing_secret: Optional[str] = Field(
        default=None, description="Signing secret of the Slack app."
    )
    facebook_token: Optional[str] = Field(
        default=None, description="Access token of the Facebook page."
    )
    facebook_secret: Optional[str] = Field(default=None, description="Secret of the Facebook app.")
    facebook_verify: Optional[str] = Field(
        default=None, description="Verify token that was given to the Facebook webhook."
    )
    twilio_account: Optional[str] = Field(default=None, description="SID of the Twilio account.")
    twilio_token: Optional[str] = Field(
        default=None, description="Auth token of the Twilio account."
    )
    twilio_number: Optional[str] = Field(
        default=None, description="Twilio number for SMS, such as `+441234567890`."
    )
    twilio_whatsapp_number: Optional[str] = Field(
        default=None, description="Twilio number for WhatsApp, without `whatsapp:`."
    )
    telegram_api: str = Field(
        default="https://api.telegram.org", description="Address of Telegram's Bot API."
    )
    slack_api: str = Field(
        default="https://slack.com/api", description="Address of Slack's Web API."
    )
    facebook_api: str = Field(
        default="https://graph.facebook.com/v19.0", description="Address of the Graph API."
    )
    twilio_api: str = Field(
        default="https://api.twilio.com", description="Address of Twilio's REST API."
    )
    messenger_seconds: int = Field(
        default=15,
        ge=1,
        le=45,  # well below the minute after which the outbox sends anew
        description="How long a messenger's platform may take to answer a call, in seconds.",
    )
    feedback_words: bool = Field(
        default=False,
        description="Whether a parent's question is kept with the thumb given to its answer.",
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: Literal["text", "json"] = Field(
        default="text", description="How a line of the log is written: text or json."
    )
    metrics_token: Optional[str] = Field(
        default=None,
        min_length=32,
        description="Secret of the clinic's monitoring, at least 32 characters; when empty, "
        "/metrics answers only to the machine itself.",
    )

    @validator(
        "telegram_secret", "slack_signing_secret", "facebook_verify", "twilio_token", always=True
    )
    def _with_its_other_half(
        cls, value: Optional[str], values: dict[str, Any], field: ModelField
    ) -> Optional[str]:
        """A messenger with a token but no secret would believe anybody."""
        needed = {
            "telegram_secret": ("telegram_token",),
            "slack_signing_secret": ("slack_token",),
            "facebook_verify": ("facebook_token", "facebook_secret"),
            "twilio_token": ("twilio_account", "address"),
        }[field.name]
        given = [bool(value), *(bool(values.get(name)) for name in needed if name != "address")]
        if any(given) and not (all(given) and all(values.get(name) for name in needed)):
            others = ", ".join(f"COMPANION_{name.upper()}" for name in needed)
            raise ValueError(f"goes together with {others}; set all or none of them")
        return value

    @validator("twilio_whatsapp_number", always=True)
    def _twilio_has_a_sender(cls, value: Optional[str], values: dict[str, Any]) -> Optional[str]:
        if values.get("twilio_token") and not (value or values.get("twilio_number")):
            raise ValueError(
                "and COMPANION_TWILIO_NUMBER are both empty, so that Twilio could answer nobody; "
                "set one of them, or both"
            )
        return value

    @validator("address")
    def _without_a_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @validator("*", pre=True)
    def _empty_is_unset(cls, value: Any, field: ModelField) -> Any:
        return None if value == "" and field.allow_none else value

    class Config:  # noqa: D106
        env_prefix = "COMPANION_"
        allow_mutation = False


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        pydantic.ValidationError: A variable holds something that does not fit.
    """
    return Settings()
