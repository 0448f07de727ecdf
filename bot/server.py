"""The web server: Rasa's channels, the page, and a health check."""

from __future__ import annotations

import asyncio
import logging
import socket
import traceback
from collections.abc import Callable
from functools import partial
from typing import Optional

from rasa.core.brokers.broker import EventBroker
from rasa.core.channels.channel import register
from rasa.core.lock_store import LockStore
from rasa.core.run import create_http_input_channels
from rasa.core.utils import AvailableEndpoints
from rasa.utils.endpoints import EndpointConfig
from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import BaseHTTPResponse, HTTPResponse, json
from sqlalchemy.exc import SQLAlchemyError

from bot.agent import CompanionAgent, load_agent
from bot.channels.calendar_links import CalendarLinks
from bot.channels.events import Events
from bot.channels.messengers.messenger import Messenger
from bot.channels.messengers.post import Post
from bot.channels.metrics import metrics
from bot.channels.page import SECURITY_HEADERS, pages
from bot.channels.sessions import session_key
from bot.dialogue.compose import Composer
from bot.guide.catalogue import load_catalogue
from bot.lean_start import keep_for_good
from bot.metrics import ERRORS
from bot.reminding import Reminding
from bot.settings import Settings
from bot.store.conversations import ConversationStore
from bot.store.retention import forget_hourly
from bot.store.writing import Overtaken

logger = logging.getLogger(__name__)

_LARGEST_REQUEST = 64 * 1024  # bytes; a message has at most 2,000 characters
# For turns to end when the server stops. So long Sanic keeps what belongs to a closed connection,
# too: with its own 15 seconds 10 MB more under load.
_TURNS_LAST_SECONDS = 5
_LAST_SECONDS = 15  # for the messengers' post to end what it has begun, when the server stops


def create_app(
    settings: Settings,
    conversations: ConversationStore,
    lock_store: LockStore,
    event_broker: Optional[EndpointConfig] = None,
) -> Sanic:
    """The server, which loads the model after it has begun to listen.

    Args:
        settings: Where to find the model and the content.
        conversations: Where conversations live.
        lock_store: Keeps one conversation's messages in order.
        event_broker: Where the events of conversations are sent on to, as Rasa configures it.
    """
    app = Sanic("companion", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = _LARGEST_REQUEST
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = _TURNS_LAST_SECONDS
    app.config.PROXIES_COUNT = settings.proxies
    app.ctx.agent = None
    app.ctx.conversations = conversations
    app.ctx.failure = None
    channels = create_http_input_channels(None, "credentials.yml")
    register(channels, app, route="/webhooks/")
    catalogue = load_catalogue(settings.content, settings.clinic_card)
    app.blueprint(pages(catalogue, settings))
    app.blueprint(metrics(settings, conversations.session_scope))
    composer = Composer(catalogue, settings.retention_days)
    messengers = [c for c in channels if isinstance(c, Messenger) and c.on]
    links = CalendarLinks(
        session_key(settings.session_key), settings.address, catalogue, conversations
    )
    app.blueprint(links.routes())

    @app.get("/health")
    async def health(request: Request) -> HTTPResponse:
        if app.ctx.agent is None:
            return json({"status": "starting"}, 503)
        try:
            await asyncio.to_thread(conversations.check)
        except SQLAlchemyError:
            return json({"status": "degraded", "failing": ["database"]}, 503)
        return json({"status": "ready"})

    @app.get("/live")
    async def live(request: Request) -> HTTPResponse:
        return json({"status": "live"})  # the process; a restart would not mend the database

    async def refuse(request: Request, error: SanicException) -> HTTPResponse:
        return json(
            {"error": str(error)}, error.status_code, headers=getattr(error, "headers", None)
        )

    broken, not_saved = composer.fixed("broken"), composer.fixed("not_saved")

    async def say_not_saved(request: Request, error: Exception) -> HTTPResponse:
        logger.error("%s was not saved: %s", request.path, type(error).__name__)
        return json({"error": not_saved.text}, 503, headers={"Retry-After": "5"})

    async def apologise(request: Request, error: Exception) -> HTTPResponse:
        # Only where it happened: the error's own message may quote the parent.
        where = "".join(traceback.format_tb(error.__traceback__))
        ERRORS.labels("request").inc()
        logger.error("%s failed with %s\n%s", request.path, type(error).__name__, where)
        return json({"error": broken.text}, 500)

    async def protect(request: Request, response: BaseHTTPResponse) -> None:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)

    app.error_handler.add(SQLAlchemyError, say_not_saved)
    app.error_handler.add(Overtaken, say_not_saved)
    app.error_handler.add(SanicException, refuse)
    app.error_handler.add(Exception, apologise)
    app.register_middleware(protect, "response")

    @app.after_server_start
    async def start_tasks(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        load = partial(load_agent, settings.model, conversations, lock_store)
        conversations.event_broker = await EventBroker.create(event_broker, loop)
        app.ctx.events = Events(conversations)
        patience = settings.messenger_seconds
        app.ctx.post = Post(conversations, messengers, catalogue, composer, links, patience)
        sessions = conversations.session_scope
        reminding = Reminding(sessions, catalogue, settings.retention_days)
        jobs = (
            _load_model(app, settings, load),
            forget_hourly(conversations, settings.retention_days),
            app.ctx.events.watch(),
            reminding.watch(),
        )
        app.ctx.carrying = loop.create_task(app.ctx.post.carry(app))
        app.ctx.tasks = [app.ctx.carrying, *(loop.create_task(job) for job in jobs)]

    @app.before_server_stop
    async def stop_tasks(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        await app.ctx.events.close()
        app.ctx.post.close()
        await asyncio.wait([app.ctx.carrying], timeout=_LAST_SECONDS)
        for task in app.ctx.tasks:
            task.cancel()

    @app.after_server_stop
    async def close_broker(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
        # Not before: the turns that were waited for have events too.
        if conversations.event_broker is not None:
            await conversations.event_broker.close()

    return app


async def _load_model(app: Sanic, settings: Settings, load: Callable[[], CompanionAgent]) -> None:
    """Loads the model beside the running server, so that the page is there at once."""
    try:
        app.ctx.agent = await asyncio.to_thread(load)
    except Exception:  # whatever it is, the log has it and the command ends with a sentence
        logger.exception("Loading failed.")
        app.ctx.failure = (
            f"The server could not start with the model at {settings.model}; the log above says "
            "why. `rm -r models && make train` makes a new model."
        )
        app.stop()
        return
    await asyncio.to_thread(app.ctx.agent.processor.prepare)
    keep_for_good()
    print(f"B12 Companion answers at http://{settings.host}:{settings.port}", flush=True)


def port_problem(host: str, port: int) -> str | None:
    """Why the server cannot listen there, in one sentence; None when it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return (
                f"Cannot listen on {host}:{port} ({error.strerror}). "
                "Stop the other program or choose another port with COMPANION_PORT."
            )
    return None


def serve(settings: Settings) -> None:
    """Runs the server until it is stopped.

    Raises:
        OSError: The conversations' database cannot be written.
        RuntimeError: The model could not be loaded.
    """
    endpoints = AvailableEndpoints.read_endpoints("endpoints.yml")
    conversations = ConversationStore()
    lock_store = LockStore.create(endpoints.lock_store)
    app = create_app(settings, conversations, lock_store, endpoints.event_broker)
    app.run(host=settings.host, port=settings.port, workers=1, access_log=False, motd=False)
    if app.ctx.failure is not None:
        raise RuntimeError(app.ctx.failure)
