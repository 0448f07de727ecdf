"""Signed web sessions: the token is the only way into a conversation."""

from __future__ import annotations

import secrets
import time
import uuid
from functools import lru_cache
from pathlib import Path

import jwt

_ALGORITHM = "HS256"
_KEY_FILE = Path("var/session.key")
_TOKENS_KEPT = 4096  # about a megabyte
SHORTEST_KEY = 32


class Sessions:
    """Opens sessions and recognises them again.

    Args:
        key: The secret that signs tokens.
        days: How long a token stays valid.

    Raises:
        ValueError: The key is too short to be safe.
    """

    def __init__(self, key: str, days: int) -> None:
        if len(key) < SHORTEST_KEY:
            raise ValueError(
                f"COMPANION_SESSION_KEY is too short: give at least {SHORTEST_KEY} characters."
            )
        self._key = key
        self._seconds = days * 24 * 60 * 60
        # A page sends its token with each message, and a signature stays what it is.
        self._verified = lru_cache(_TOKENS_KEPT)(self._verify)

    def open(self) -> str:
        """A signed token for a new conversation."""
        # No "iat": another server, whose clock goes a little behind, would refuse it for that.
        claims = {"sub": uuid.uuid4().hex, "exp": int(time.time()) + self._seconds}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def conversation(self, token: str) -> str | None:
        """The conversation that a token opens; None when it is forged, foreign or too old."""
        try:
            conversation, end = self._verified(token)
        except jwt.InvalidTokenError:
            return None
        return conversation if end > time.time() else None

    def _verify(self, token: str) -> tuple[str, int]:
        """The conversation of a token that we signed, and the second since the epoch it ends."""
        claims = jwt.decode(
            token,
            self._key,
            algorithms=[_ALGORITHM],
            options={"require": ["sub", "exp"], "verify_exp": False},
        )
        return str(claims["sub"]), int(claims["exp"])


def session_key(configured: str | None, key_file: Path = _KEY_FILE) -> str:
    """The configured key, or a random one that is made once and kept in a private file.

    Raises:
        OSError: The file cannot be read or written.
    """
    if configured is not None:
        return configured
    if not key_file.exists():
        key_file.parent.mkdir(parents=True, exist_ok=True)
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return key_file.read_text(encoding="ascii")
