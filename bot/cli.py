"""The command line: `companion chat`, `ask`, `schedule`, `check`, `opinions`, `serve`."""

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
from bot.lean_start import start_lean
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

    schedule = commands.add_parser(
        "schedule",
        help="work out a family's calendar",
        description="The guide's intervals set to a family's dates. All dates are YYYY-MM-DD.",
    )
    schedule.add_argument("--first", required=True, metavar="DATE", help="baby's first injection")
    schedule.add_argument("--today", metavar="DATE", help="the clock's when left out")
    schedule.add_argument(
        "--plateau", metavar="DATE", help="when the team saw no further improvement"
    )
    schedule.add_argument("--interval", metavar="MONTHS", help="between later injections, 1 or 2")
    schedule.add_argument("--breastfeeding", action="store_true", help="the mother breastfeeds")
    schedule.add_argument("--mother-first", metavar="DATE", help="mother's first injection")
    schedule.add_argument("--months", metavar="N", default="12", help="how far, 1 to 60 (12)")
    schedule.add_argument("--json", action="store_true", help="print the events as JSON")
    schedule.add_argument("--ics", metavar="FILE", help="write a calendar file")
    schedule.set_defaults(run=_schedule)

    check = commands.add_parser("check", help="check the content against the guide")
    check.set_defaults(run=_check)

    opinions = commands.add_parser("opinions", help="show what parents thought of each statement")
    opinions.set_defaults(run=_opinions)

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
    start_lean()
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
    start_lean()
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


def _schedule(options: argparse.Namespace, settings: Settings) -> int:
    from bot.guide.catalogue import load_catalogue
    from bot.schedule.calendar_file import calendar_file, summary
    from bot.schedule.course import Course
    from bot.schedule.events import events

    catalogue = load_catalogue(settings.content, settings.clinic_card)
    today = _day("--today", options.today) or catalogue.clinic.today()
    course = Course(
        first=_day("--first", options.first) or today,
        plateau=_day("--plateau", options.plateau),
        interval=_number("--interval", options.interval),
        breastfeeding=options.breastfeeding,
        mother_first=_day("--mother-first", options.mother_first),
        months=_number("--months", options.months) or 0,
    )
    if refusal := course.refusal(today):
        raise Refused(catalogue.replies[refusal].text)
    found = events(course, today)
    words = catalogue.schedule_words
    if options.ics:
        Path(options.ics).write_bytes(calendar_file(found, course.first, today, words))
    if options.json:
        print(json.dumps([event.as_json() for event in found], indent=1))
    elif not options.ics:
        print(f"{words.column_date:14}  {words.column_references:6}  {words.column_what}")
        for event in found:
            shown = {n for name in event.statements for n in catalogue.statements[name].references}
            marks = "".join(f"[{number}]" for number in sorted(shown))
            print(f"{event.date:%a %Y-%m-%d}  {marks:6}  {summary(event, words)}")
        print(f"\n{words.team_decides}")
    return 0


def _day(option: str, text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise Refused(f"{option}: {text} is no date; write it as 2026-11-24.") from None


def _number(option: str, text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        raise Refused(f"{option}: {text} is no number; write it in figures, such as 2.") from None


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


def _opinions(options: argparse.Namespace, settings: Settings) -> int:
    prepare_logs("ERROR")
    start_lean()
    from bot.store.conversations import ConversationStore

    print(f"{'helped':>7} {'did not':>8}  statement")
    for opinion in ConversationStore().opinions():
        print(f"{opinion.helpful:7} {opinion.unhelpful:8}  {opinion.statement}")
    return 0


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    prepare_logs(settings.log_level, settings.log_format)
    start_lean()
    if not settings.model.is_file():
        raise Refused(f"There is no trained model at {settings.model}. Make one with `make train`.")
    from bot.server import port_problem, serve

    if problem := port_problem(settings.host, settings.port):
        raise Refused(problem)
    serve(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
