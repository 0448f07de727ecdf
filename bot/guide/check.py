"""Checks the content against the guide, and that every intent has something to say."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

from bot.guide.catalogue import FIXED_REPLY_FILES, Catalogue, load_catalogue
from bot.guide.content_file import ContentError, ContentFile, Problem, shown_path
from bot.guide.figures import figures_in
from bot.guide.models import FixedReply, GuideStatement, Statement
from bot.guide.reading import HIGHEST_GRADE, LONGEST_ANSWER, reading_grade

# Intents that are answered with neither a topic nor a fixed reply.
_ANSWERED_BY_CODE = frozenset(
    [
        "ask_term_meaning",
        "nlu_fallback",
        "other_language",
        "report_first_injection",
        "report_injection_given",
        "report_injection_missed",
        "report_interval",
        "report_plateau",
    ]
)


def check_project(root: Path, content: Path, clinic_card: Path | None = None) -> list[Problem]:
    """Every problem of the content.

    Args:
        root: The project's folder, with domain.yml and data/.
        content: The content folder.
        clinic_card: The clinic's own card, if it has one.

    Returns:
        The problems; empty when all is sound.
    """
    try:
        catalogue = load_catalogue(content, clinic_card)
        guide_file = ContentFile(content / "guide" / "guide.yml", key="id")
        guide = {entry.id: entry for entry in guide_file.load_list(GuideStatement)}
        statements = ContentFile(content / "statements.yml", key="id")
    except ContentError as error:
        return error.problems
    return [
        *_guide_untouched(content / "guide"),
        *_statements_match(statements, catalogue, guide),
        *_contradictions_are_named(content, catalogue),
        *_every_statement_is_shown(content, catalogue),
        *_texts_are_plain(content, catalogue),
        *_answers_are_short(content, catalogue),
        *_intents_are_answered(root, catalogue),
    ]


def _guide_untouched(folder: Path) -> Iterator[Problem]:
    expected = (folder / "SHA256SUMS").read_text(encoding="ascii").split()[0]
    if hashlib.sha256((folder / "guide.yml").read_bytes()).hexdigest() != expected:
        yield Problem(
            shown_path(folder / "guide.yml"),
            1,
            "guide",
            "was changed; the guide is never edited: restore it (a new edition needs a new "
            "checksum in SHA256SUMS)",
        )


def _statements_match(
    file: ContentFile, catalogue: Catalogue, guide: dict[str, GuideStatement]
) -> Iterator[Problem]:
    for missing in sorted(guide.keys() - catalogue.statements.keys()):
        yield file.problem(0, missing, "stands in the guide but not here; add it")
    for statement in catalogue.statements.values():
        source = guide.get(statement.id)
        if source is None:
            yield file.problem_at(statement.id, "is no statement of the guide; remove it", "id")
            continue
        for field, message in _differences(statement, source):
            yield file.problem_at(statement.id, message, field)


def _differences(statement: Statement, source: GuideStatement) -> Iterator[tuple[str, str]]:
    if statement.section != source.section:
        yield "section", f"the guide's heading is: {source.section}"
    if statement.references != source.cites:
        yield "references", f"the guide's reference numbers are {list(source.cites)}"
    for figure in statement.figures:
        if figure not in statement.plain:
            yield "figures", f'"{figure}" does not stand in the plain text; spell both alike'
    expected = figures_in(source.text)
    for field, text in (("plain", statement.plain), ("short", statement.short)):
        found = figures_in(text)
        if found != expected:
            wrong = _listed(found - expected) or "nothing"
            lacking = _listed(expected - found) or "nothing"
            yield field, f"figures differ from the guide's: says {wrong}, lacks {lacking}"


def _listed(figures: Counter[str]) -> str:
    return ", ".join(sorted(figures.elements()))


def _contradictions_are_named(content: Path, catalogue: Catalogue) -> Iterator[Problem]:
    file = ContentFile(content / "contradictions.yml", key="id")
    for entry in catalogue.contradictions:
        for side in entry.sides:
            numbers = {n for name in side.statements for n in catalogue.statements[name].references}
            if any(f"[{number}]" not in entry.note for number in numbers):
                yield file.problem_at(
                    entry.id,
                    f"the note must name the side '{side.name}' with all of {sorted(numbers)}",
                    "note",
                )


def _every_statement_is_shown(content: Path, catalogue: Catalogue) -> Iterator[Problem]:
    shown = {name for topic in catalogue.topics.values() for name in topic.statements}
    file = ContentFile(content / "statements.yml", key="id")
    for name in sorted(catalogue.statements.keys() - shown):
        yield file.problem_at(name, "no topic of topics.yml shows it; add it to one")


def _texts_are_plain(content: Path, catalogue: Catalogue) -> Iterator[Problem]:
    exempt = [spelling for term in catalogue.terms for spelling in term.spellings]
    texts: list[tuple[ContentFile, str, str, str]] = []
    statements = ContentFile(content / "statements.yml", key="id")
    texts += [(statements, s.id, "plain", s.plain) for s in catalogue.statements.values()]
    texts += [(statements, s.id, "short", s.short) for s in catalogue.statements.values()]
    topics = ContentFile(content / "topics.yml", key="intent")
    texts += [(topics, t.intent, "lead", t.lead) for t in catalogue.topics.values()]
    follow_ups = ContentFile(content / "follow_ups.yml", key="intent")
    texts += [(follow_ups, f.intent, "lead", f.lead) for f in catalogue.follow_ups.values()]
    glossary = ContentFile(content / "glossary.yml", key="word")
    texts += [(glossary, t.word, "meaning", t.meaning) for t in catalogue.terms]
    notes = ContentFile(content / "notes.yml")
    texts += [(notes, "education", "education", catalogue.notes.education)]
    messengers = ContentFile(content / "messengers.yml")
    for name in ("calendar_link", "calendar_file", "more"):
        texts += [(messengers, name, name, getattr(catalogue.messenger_words, name))]
    contradictions = ContentFile(content / "contradictions.yml", key="id")
    texts += [(contradictions, c.id, "note", c.note) for c in catalogue.contradictions]
    for name in FIXED_REPLY_FILES:
        file = ContentFile(content / name)
        texts += [(file, r.name, "text", r.text) for r in file.load_list(FixedReply)]
    for file, entry, field, text in texts:
        grade = reading_grade(text, exempt)
        if grade > HIGHEST_GRADE:
            yield file.problem_at(
                entry,
                f"reads at grade {grade:.1f}, above {HIGHEST_GRADE:.0f}; use shorter sentences "
                "and everyday words",
                field,
            )


def _answers_are_short(content: Path, catalogue: Catalogue) -> Iterator[Problem]:
    file = ContentFile(content / "topics.yml", key="intent")
    for topic in catalogue.topics.values():
        parts = [topic.lead, catalogue.notes.education]
        parts += [catalogue.statements[name].cited for name in topic.statements]
        parts += [entry.note for entry in catalogue.contradictions_of(topic.statements)]
        words = sum(len(part.split()) for part in parts)
        if words > LONGEST_ANSWER:
            yield file.problem_at(
                topic.intent,
                f"the answer has {words} words; show fewer statements, at most "
                f"{LONGEST_ANSWER} words",
                "statements",
            )


def _intents_are_answered(root: Path, catalogue: Catalogue) -> Iterator[Problem]:
    domain = ContentFile(root / "domain.yml")
    listed = {str(intent) for intent in domain.field("intents")}
    trained: set[str] = set()
    for path in sorted((root / "data" / "nlu").glob("*.yml")):
        blocks = YAML(typ="safe").load(path)["nlu"]  # Rasa itself reports malformed training data
        trained |= {str(block["intent"]) for block in blocks if "intent" in block}
    answered = {
        *catalogue.topics,
        *catalogue.follow_ups,
        *catalogue.replies,
        *_ANSWERED_BY_CODE,
    }
    for intent in sorted((listed | trained) - answered):
        yield domain.problem(
            0, intent, "nothing answers this intent; add a topic or a fixed reply to the content"
        )
    for intent in sorted((set(catalogue.topics) | trained) - listed):
        yield domain.problem(0, intent, "is not listed under `intents`; add it")
    ruled = "".join(
        path.read_text(encoding="utf-8") for path in (root / "data/rules").glob("*.yml")
    )
    for intent in sorted(listed - set(re.findall(r"- intent: (\w+)", ruled))):
        yield domain.problem(0, intent, "has no rule; add it under data/rules/")
    for intent in sorted(catalogue.topics.keys() - trained):
        yield domain.problem(0, intent, "has no training examples; add some under data/nlu/")
