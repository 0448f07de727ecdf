"""What the content files hold, field by field. Every model is immutable."""

from __future__ import annotations

import datetime as dt
import string
import time
from typing import Any, Literal, Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Extra, Field, validator
from pydantic.fields import ModelField

# The kinds of fixed replies; `answer` is composed, never fixed.
FixedKind = Literal[
    "smalltalk", "handoff", "privacy", "emergency", "crisis", "care_team", "out_of_scope",
    "clarify", "error", "schedule",
]  # fmt: skip

ANY_COUNTRY = "EU"  # where a clinic card names no country: 112

PLACEHOLDERS = frozenset(
    [
        "clinic",
        "team",
        "phone",
        "hours",
        "emergency_number",
        "crisis_line",
        "crisis_line_name",
        "retention_days",
        "stored_messages",
        "longest_message",
        "date",
        "months",
        "said",
        "reminders_at",
    ]
)


class _Content(BaseModel):
    class Config:
        allow_mutation = False
        extra = Extra.forbid


def _count(field: str, least: int, most: int) -> Any:
    """A validator that holds how many entries a tuple field may have."""

    def hold(entries: tuple[str, ...]) -> tuple[str, ...]:
        if not least <= len(entries) <= most:
            raise ValueError(f"has {len(entries)} entries; give {least} to {most}")
        return entries

    return validator(field, allow_reuse=True)(hold)


def _with_known_placeholders(text: str) -> str:
    used = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    if unknown := sorted(used - PLACEHOLDERS):
        raise ValueError(f"knows no {{{unknown[0]}}}; use one of {', '.join(sorted(PLACEHOLDERS))}")
    return text


class GuideStatement(_Content):
    """One statement of the guide, word for word (content/guide/guide.yml)."""

    id: str = Field(title="area.name, as the guide's list has it")
    section: str = Field(title="the guide's own heading")
    cites: tuple[int, ...] = Field(title="the guide's reference numbers, [] for none")
    text: str = Field(title="the guide's own words")


class Statement(_Content):
    """One statement in plain words, as parents read it (content/statements.yml)."""

    id: str = Field(title="an id of guide/guide.yml")
    section: str = Field(title="the guide's own heading")
    references: tuple[int, ...] = Field(title="the guide's reference numbers, [] for none")
    figures: tuple[str, ...] = Field(title="amounts and intervals, spelled as in `plain`")
    plain: str = Field(title="the fact in everyday words", min_length=1)
    short: str = Field(title="the same in the fewest and simplest words", min_length=1)
    reviewed_on: Optional[dt.date] = Field(title="date of the review, or empty")
    reviewed_by: Optional[str] = Field(title="name of the clinician, or empty")

    @property
    def cited(self) -> str:
        """The plain words followed by the reference numbers, such as `... [2][3]`."""
        return self._with_references(self.plain)

    @property
    def cited_short(self) -> str:
        """The short words followed by the reference numbers."""
        return self._with_references(self.short)

    def _with_references(self, words: str) -> str:
        marks = "".join(f"[{number}]" for number in self.references)
        return f"{words} {marks}" if marks else words


class Topic(_Content):
    """What parents ask about, and the statements that answer it (content/topics.yml)."""

    intent: str = Field(title="the intent's name, ask_...", regex=r"^ask_[a-z_]+$")
    about: str = Field(title="what belongs here and what to a neighbour", min_length=1)
    question: str = Field(title="the topic as a parent would ask it", min_length=1, max_length=60)
    lead: str = Field(title="the first, warm sentence", min_length=1)
    statements: tuple[str, ...] = Field(title="one to four statement ids")
    follow_ups: tuple[str, ...] = Field(title="two or three other topics")

    _one_to_four = _count("statements", 1, 4)
    _two_or_three = _count("follow_ups", 2, 3)


class FollowUp(_Content):
    """A question that leans on the answer given before (content/follow_ups.yml)."""

    intent: str = Field(title="the intent's name, follow_up_...", regex=r"^follow_up_[a-z_]+$")
    about: str = Field(title="what parents write", min_length=1)
    lead: str = Field(title="the first sentence on the same topic again", min_length=1)
    leads_to: dict[str, tuple[str, ...]] = Field(
        default={}, title="topic that answers: topics that it may follow"
    )
    otherwise: Optional[str] = Field(default=None, title="topic after all topics not named")
    alone: Optional[str] = Field(default=None, title="topic when nothing was said before")

    def topic_after(self, topic: str) -> str:
        """The topic that answers this follow-up after an answer on that topic."""
        for answering, before in self.leads_to.items():
            if topic in before:
                return answering
        return self.otherwise or topic

    @property
    def topics(self) -> set[str]:
        """Every topic that is named."""
        before = {name for names in self.leads_to.values() for name in names}
        ways = {name for name in (self.otherwise, self.alone) if name}
        return before | ways | set(self.leads_to)


class Term(_Content):
    """A medical word and its explanation (content/glossary.yml)."""

    word: str = Field(title="the word as a parent would look it up", min_length=1)
    forms: tuple[str, ...] = Field(title="other spellings, [] for none")
    meaning: str = Field(title="one or two short sentences", min_length=1)
    statements: tuple[str, ...] = Field(title="statements that use the word")

    _some = _count("statements", 1, 4)

    @property
    def spellings(self) -> tuple[str, ...]:
        """The word and its other forms."""
        return (self.word, *self.forms)


class Side(_Content):
    """One of the things that the guide says of the same matter."""

    name: str = Field(title="what this side says, in two or three words")
    statements: tuple[str, ...] = Field(title="the statements that say it")


class Contradiction(_Content):
    """A place where the guide does not agree with itself (content/contradictions.yml)."""

    id: str
    sides: tuple[Side, ...] = Field(title="the sides, at least two")
    note: str = Field(title="names every side with its reference numbers", min_length=1)

    _several = _count("sides", 2, 4)

    @property
    def statements(self) -> frozenset[str]:
        """The statements of all sides."""
        return frozenset(name for side in self.sides for name in side.statements)


class FixedReply(_Content):
    """A message that is always the same (safety.yml, small_talk.yml, limits.yml)."""

    name: str = Field(title="the intent or occasion that it answers", min_length=1)
    kind: FixedKind = Field(title="one of the kinds of a reply")
    text: str = Field(default="", title="the words, the most useful first")
    buttons: tuple[str, ...] = Field(default=(), title="topics or messages offered as buttons")
    button: Optional[str] = Field(default=None, title="what its own button says", max_length=60)

    _few_buttons = _count("buttons", 0, 3)

    @validator("text")
    def _known_placeholders(cls, text: str) -> str:
        return _with_known_placeholders(text)

    @validator("button", always=True)
    def _says_something(cls, button: Optional[str], values: dict[str, Any]) -> Optional[str]:
        if not (button or values.get("text")):
            raise ValueError("says nothing; give it a `text`, or a `button` alone")
        return button


class OtherLanguage(_Content):
    """What is said to a message in another language (content/languages.yml)."""

    code: str = Field(title="ISO 639-1 code", regex=r"^[a-z]{2}$")
    name: str = Field(title="the language, in English", min_length=1)
    text: str = Field(title="that only English is offered, and {phone}", min_length=1)
    emergency: str = Field(title="to call {emergency_number} now", min_length=1)
    emergency_words: tuple[str, ...] = Field(title="phrases that point to an emergency")
    crisis: str = Field(title="to call {crisis_line} now", min_length=1)
    crisis_words: tuple[str, ...] = Field(title="phrases that point to a crisis")

    @validator("text", "emergency", "crisis")
    def _known_placeholders(cls, text: str) -> str:
        return _with_known_placeholders(text)

    @validator("text", "emergency", "crisis")
    def _whom_to_call(cls, text: str, field: ModelField) -> str:
        number = {"text": "{phone}", "crisis": "{crisis_line}"}.get(
            field.name, "{emergency_number}"
        )
        if number not in text:
            raise ValueError(f"does not say whom to call; put {number} in")
        return text


class DangerSign(_Content):
    """Phrases that are an alarm by themselves (content/danger_words.yml)."""

    sign: str = Field(title="a name for it", min_length=1)
    alarm: str = Field(title="an intent of safety.yml", min_length=1)
    phrases: tuple[str, ...] = Field(title="any of them is enough")


class CalmingWords(_Content):
    """Phrases that hold a sign of danger back (content/calming_words.yml)."""

    because: str = Field(title="why", min_length=1)
    phrases: tuple[str, ...] = Field(title="any of them is enough")


class AnswerWords(_Content):
    """How parents answer the calendar's questions (content/schedule/answers.yml)."""

    means: str = Field(title="what the phrases mean", min_length=1)
    phrases: tuple[str, ...] = Field(title="any of them is enough")


class ScheduleWords(_Content):
    """The words of the family's calendar (content/schedule/words.yml)."""

    next_baby: str = Field(title="the next event: {date}, {number}")
    next_baby_uncounted: str = Field(title="the same without a number: {date}")
    next_mother: str = Field(title="the same of the mother: {date}")
    next_check: str = Field(title="the same of a check: {date}")
    nothing_ahead: str = Field(title="when no date is left")
    baby: str = Field(title="heading")
    mother: str = Field(title="heading")
    intensive: str = Field(title="{references}, {dates}")
    intensive_open: str = Field(title="until when")
    potassium: str = Field(title="{references}, {dates}")
    blood_count: str = Field(title="{references}, {dates}")
    maintenance_1: str = Field(title="{references}, {dates}")
    maintenance_2: str = Field(title="{references}, {dates}")
    maintenance_for_life: str = Field(title="that it does not end at {date}")
    mother_initial: str = Field(title="{references}, {dates}")
    mother_initial_soon: str = Field(title="the same where no date was given")
    mother_monthly: str = Field(title="{references}, {dates}")
    mother_goes_on: str = Field(title="that it does not end at {date}")
    mother_left_out: str = Field(title="what a mother who breastfeeds should say")
    past: str = Field(title="{number} injections before today")
    more: str = Field(title="{count} dates that are not listed, up to {date}")
    team_decides: str = Field(title="that the care team's dates win")
    summary_injection_baby: str = Field(title="in a phone's calendar")
    summary_injection_mother: str = Field(title="in a phone's calendar")
    summary_potassium: str = Field(title="in a phone's calendar")
    summary_blood_count: str = Field(title="in a phone's calendar")
    interval_1: str = Field(title="in a phone's calendar, where both intervals are shown")
    interval_2: str = Field(title="the same")
    timeline: str = Field(title="what the picture shows")
    today: str = Field(title="below the line of today")
    print_title: str = Field(title="heading of the printed page")
    print_notes: str = Field(title="heading")
    print_questions: str = Field(title="heading above blank lines")
    print_clinic: str = Field(title="heading above the clinic card")
    download: str = Field(title="name of the calendar file", regex=r"^[\w-]+\.ics$")
    no_calendar: str = Field(title="when there is none yet")
    column_date: str = Field(title="heading of a column")
    column_what: str = Field(title="heading of a column")
    column_references: str = Field(title="heading of a column")


class MessengerWords(_Content):
    """What messengers need beyond replies (content/messengers.yml)."""

    calendar_link: str = Field(title="that the calendar's file is at {link}", min_length=1)
    calendar_file: str = Field(title="below the calendar's file", min_length=1)
    more: str = Field(title="on SMS, that a longer message goes on", min_length=1)
    more_words: tuple[str, ...] = Field(title="what asks for the rest of it")
    stop_words: tuple[str, ...] = Field(title="what ends all messages to a phone")
    start_words: tuple[str, ...] = Field(title="what begins them again")
    help_words: tuple[str, ...] = Field(title="what asks who writes here")


class Notes(_Content):
    """Short lines that go with answers (content/notes.yml)."""

    education: str = Field(title="added once in each conversation", min_length=1)
    not_reviewed: str = Field(title="shown as long as a statement lacks a review", min_length=1)


class EmergencyNumbers(_Content):
    """Whom to call in danger and in despair."""

    emergency_number: str = Field(title='in quotes, such as "112"', regex=r"^[0-9]{2,6}$")
    crisis_line: str = Field(title="in quotes, a line for people in despair", min_length=3)
    crisis_line_name: str = Field(title="the line's name within a sentence", min_length=1)


class Country(EmergencyNumbers):
    """The numbers of a country (content/countries.yml)."""

    country: str = Field(title="two letters (ISO 3166-1), or EU", regex=r"^[A-Z]{2}$")
    name: str = Field(title="the country, in English", min_length=1)

    @property
    def numbers(self) -> dict[str, str]:
        """The numbers, by the fields of a clinic card."""
        return self.dict(include=set(EmergencyNumbers.__fields__))


class ClinicCard(EmergencyNumbers):
    """Who answers for this assistant (content/clinic.yml, or the clinic's own file)."""

    name: str = Field(title="the clinic's name", min_length=1)
    team: str = Field(title="how the care team is called within a sentence", min_length=1)
    phone: str = Field(title="in quotes, as it is dialled", regex=r"^\+?[0-9 ()/-]{3,}$")
    hours: str = Field(title="when somebody answers the phone", min_length=1)
    country: str = Field(default=ANY_COUNTRY, title="a country of countries.yml")
    time_zone: str = Field(default="Europe/London", title="a name such as Europe/London")
    date_order: Literal["day first", "month first"] = Field(
        default="day first", title='how 03/04/2026 is read: "day first" or "month first"'
    )
    reminders_at: str = Field(
        default="09:00",
        title='in quotes, when reminders are sent, such as "09:00"',
        regex=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
    )

    def today(self) -> dt.date:
        """The date it is at the clinic now."""
        return dt.datetime.fromtimestamp(time.time(), ZoneInfo(self.time_zone)).date()

    @validator("time_zone")
    def _known_time_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"knows no {name}; use a name such as Europe/London") from error
        return name
