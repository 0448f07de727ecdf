"""The command line: `companion chat`, `ask`, `check`, `serve`."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from pydantic import ValidationError

from bot.guide.content_file import ContentError
from bot.logs import prepare_logs
from bot.settings import Settings, get_settings


class Refused(Exception):
    """The command cannot be carried out; the message says what to do instead."""


def main(arguments: list[str] | None = None) -> int:
    """Runs a command.

    Returns:
        0 when all is well, 1 when the content has mistakes or a line of input was refused, 2 when
        the command cannot be carried out.
    """
    options = _parser().parse_args(arguments)
    try:
        settings = get_settings()
        return int(options.run(options, settings))
    except ContentError as error:
        print(error, file=sys.stderr)
        return 1
    except ValidationError as error:
        for detail in error.errors():
            name = f"COMPANION_{str(detail['loc'][0]).upper()}"
            print(f"{name}: {detail['msg']}; see docs/settings.md.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}." if error.filename else error, file=sys.stderr)
        return 2
    except (Refused, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="companion",
        description="Answers parents whose baby lacks vitamin B12, from one guide.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    chat = commands.add_parser("chat", help="talk to it in the terminal")
    chat.set_defaults(run=_chat)

    ask = commands.add_parser(
        "ask",
        help="hold many conversations from a file",
        description='Reads JSON Lines {"turns": ["first message", ...]}, each line a fresh '
        "conversation, and writes one JSON line for each, in order.",
    )
    ask.add_argument("file", nargs="?", help="JSON Lines; standard input when left out")
    ask.add_argument("--today", type=_date, help="the date to hold them on, as YYYY-MM-DD")
    ask.set_defaults(run=_ask)

    check = commands.add_parser("check", help="check the content against the guide")
    check.set_defaults(run=_check)

    serve = commands.add_parser("serve", help="run the web server")
    serve.set_defaults(run=_serve)
    return parser


def _date(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no date; write it as 2026-11-24") from None


def _chat(options: argparse.Namespace, settings: Settings) -> int:
    prepare_logs("ERROR")
    from bot.terminal import chat

    asyncio.run(chat(settings.model))
    return 0


def _ask(options: argparse.Namespace, settings: Settings) -> int:
    if options.file:
        with Path(options.file).open(encoding="utf-8") as file:
            return _ask_lines(file, options.today, settings)
    return _ask_lines(sys.stdin, options.today, settings)


def _ask_lines(lines: TextIO, today: str | None, settings: Settings) -> int:
    prepare_logs("ERROR")
    from bot.agent import load_agent
    from bot.terminal import Conversation

    agent = load_agent(settings.model)

    async def hold(messages: list[str]) -> dict[str, Any]:
        conversation = Conversation(agent, today)
        return {"turns": [await conversation.say(text) for text in messages]}

    async def hold_all() -> int:
        refused = 0
        for number, line in _numbered(lines):
            try:
                result = await hold(_turns(line))
            except ValueError as error:
                refused = 1
                result = {"error": f"Line {number}: {error}"}
            print(json.dumps(result, ensure_ascii=False), flush=True)
        return refused

    return asyncio.run(hold_all())


def _numbered(lines: TextIO) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, line


def _turns(line: str) -> list[str]:
    """The messages of one conversation.

    Raises:
        ValueError: The line is not of the right form; says what to write instead.
    """
    wanted = 'write {"turns": ["first message", "second", ...]}'
    try:
        parsed = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is not JSON ({error.msg}); {wanted}") from error
    turns = parsed.get("turns") if isinstance(parsed, dict) else None
    if not isinstance(turns, list) or not all(isinstance(text, str) for text in turns):
        raise ValueError(f"there is no list of texts; {wanted}")
    return turns


def _check(options: argparse.Namespace, settings: Settings) -> int:
    from bot.guide.check import check_project

    problems = check_project(Path.cwd(), settings.content, settings.clinic_card)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{len(problems)} to mend.", file=sys.stderr)
        return 1
    print("The content is sound.")
    return 0


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    prepare_logs(settings.log_level)
    if not settings.model.is_file():
        raise Refused(f"There is no trained model at {settings.model}. Make one with `make train`.")
    from bot.server import port_problem, serve

    if problem := port_problem(settings.host, settings.port):
        raise Refused(problem)
    serve(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
