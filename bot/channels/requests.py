"""Who sends a request: from which page, in which conversation, from which address."""

from __future__ import annotations

from collections.abc import Collection
from typing import Optional
from urllib.parse import urlsplit

from sanic.request import Request

COOKIE = "__Host-b12-session"


def session_cookie(token: str, days: int) -> str:
    """The Set-Cookie header that keeps a session, also in a frame on the clinic's page.

    Browsers drop cookies of a frame from elsewhere unless they are `Partitioned`: each clinic's
    page then has its own. Scripts cannot read it.
    """
    seconds = days * 24 * 60 * 60
    return (
        f"{COOKIE}={token}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=None; Partitioned"
    )


def session_token(request: Request) -> str:
    """The token of a request, as bearer or in the cookie; empty when there is none."""
    return request.token or request.cookies.get(COOKIE) or ""


def comes_from_elsewhere(request: Request, sites: Collection[str]) -> bool:
    """Whether another site's page sent a request.

    Args:
        request: The request; programs that are no browsers send no Origin.
        sites: Origins that are allowed beside the server's own.
    """
    origin: Optional[str] = request.headers.get("origin")
    if origin is None or origin in sites:
        return False
    return urlsplit(origin).netloc != request.headers.get("host")


def address_of(request: Request) -> str:
    """The sender's address: the one that our own proxies name, or that of the connection."""
    return str(request.remote_addr or request.ip)
