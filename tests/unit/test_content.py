"""The content as it stands, and what an editor is told about a mistake."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.guide.catalogue import load_catalogue
from bot.guide.check import check_project
from bot.guide.content_file import ContentError, ContentFile
from bot.guide.models import Country

ROOT = Path(__file__).parent.parent.parent
CONTENT = ROOT / "content"


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """A copy of the content folder in which one passage was changed."""

    def edit(file: str, old: str, new: str) -> Path:
        folder = tmp_path / "content"
        shutil.copytree(CONTENT, folder, dirs_exist_ok=True)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return edit


def _complaints(content: Path) -> list[str]:
    return [str(problem) for problem in check_project(ROOT, content)]


def test_the_content_is_sound() -> None:
    assert _complaints(CONTENT) == []


def test_every_statement_of_the_guide_is_there() -> None:
    assert len(load_catalogue(CONTENT).statements) == 47


@pytest.mark.parametrize(
    ("file", "old", "new", "names", "remedy"),
    [
        ("statements.yml", "46.6% of", "64.6% of", "recovery.seizures_tremor", "64.6%"),
        ("statements.yml", "every 2 months for life", "every 3 months for life", "timeline.two_monthly", "3"),
        ("statements.yml", "[\"1,000 mcg or more\", \"monthly\"]", "[\"1,000 mg or more\", \"monthly\"]", "timeline.both_treated", "mg"),
        ("statements.yml", "references: [2, 3]", "references: [2, 4]", "outlook.symptoms_reverse", "[2, 3]"),
        ("statements.yml", "every other day. This", "every day. This", "timeline.alternate_days", "alternate days"),
        ("statements.yml", 'section: "Summary"', 'section: "Outlook"', "outlook.full_recovery", "Summary"),
        ("statements.yml", "- id: outlook.full_recovery", "- id: outlook.fully", "ask_recovery_chance", "is no statement"),
        ("statements.yml", "The nerve signs get better over weeks to months.",
         "Neurological symptomatology demonstrates considerable amelioration over weeks to months.",
         "longterm.weeks_to_months", "grade"),
        ("guide/guide.yml", "46.6%", "44.6%", "guide", "never edited"),
        ("topics.yml", "[damage.brain_imaging, outlook", "[outlook", "damage.brain_imaging", "no topic"),
        ("topics.yml", "- intent: ask_potassium", "- intent: ask_kalium", "ask_kalium", "add it"),
        ("contradictions.yml", "monthly [1][3]", "monthly [1]", "maintenance_interval", "must name the side"),
    ],
)  # fmt: skip
def test_a_difference_from_the_guide_is_reported(
    edited: Callable[[str, str, str], Path], file: str, old: str, new: str, names: str, remedy: str
) -> None:
    # A renamed topic is named elsewhere: those links are mended for this test.
    content = edited(file, old, new)
    if "ask_kalium" in new:
        for linked in (content / "topics.yml", content / "follow_ups.yml"):
            text = linked.read_text(encoding="utf-8")
            linked.write_text(text.replace("ask_potassium", "ask_kalium"), encoding="utf-8")
    complaints = [line for line in _complaints(content) if names in line]
    assert complaints
    assert any(remedy in line for line in complaints)


def test_a_mistake_is_reported_with_its_line(edited: Callable[[str, str, str], Path]) -> None:
    content = edited("statements.yml", "references: [2, 3]", "references: [2, 9]")
    text = (content / "statements.yml").read_text(encoding="utf-8")
    line = text[: text.index("references: [2, 9]")].count("\n") + 1
    assert any(f"statements.yml:{line}: " in complaint for complaint in _complaints(content))


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("topics.yml", "[protocol.potassium]", "[protocol.kalium]", "`protocol.kalium` is no statement"),
        ("topics.yml", "follow_ups: [ask_first_changes, ", "follow_ups: [ask_first_change, ", "is no topic"),
        ("topics.yml", "question: Will the seizures stop?", "questions: Will the seizures stop?", "question"),
        ("topics.yml", "statements: [protocol.potassium]", "statements: []", "give 1 to 4"),
        ("limits.yml", "care team: {phone}", "care team: {fone}", "{fone}"),
        ("safety.yml", "kind: emergency", "kind: urgent", "kind"),
        ("clinic.yml", "country: EU", 'emergency_number: ""', "emergency_number"),
        ("clinic.yml", "country: EU", "country: XX", "`XX` is not in countries.yml"),
        ("languages.yml", "Llame al {emergency_number} ahora", "Llame ahora", "{emergency_number}"),
        ("danger_words.yml", "  alarm: report_crisis", "  alert: report_crisis", "alarm"),
        ("small_talk.yml", "- name: goodbye", "- name: greet", "stands twice"),
        ("glossary.yml", "- word: anemia", "- word anemia", "glossary.yml"),
    ],
)  # fmt: skip
def test_unusable_content_is_refused_with_file_and_remedy(
    edited: Callable[[str, str, str], Path], file: str, old: str, new: str, says: str
) -> None:
    content = edited(file, old, new)
    with pytest.raises(ContentError) as refused:
        load_catalogue(content)
    assert says in str(refused.value)
    assert f"{file}:" in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"statements\.yml.*put it back"):
        load_catalogue(tmp_path)


def test_the_catalogue_cannot_be_changed() -> None:
    catalogue = load_catalogue(CONTENT)
    statement = catalogue.statements["outlook.full_recovery"]
    with pytest.raises(TypeError):
        statement.plain = "x"
    with pytest.raises(TypeError):
        catalogue.statements["x"] = statement  # type: ignore[index]


def test_a_clinic_can_bring_its_own_card(tmp_path: Path) -> None:
    card = tmp_path / "ours.yml"
    text = (CONTENT / "clinic.yml").read_text(encoding="utf-8")
    card.write_text(text.replace("country: EU", "country: US"), encoding="utf-8")
    clinic = load_catalogue(CONTENT, card).clinic
    assert (clinic.emergency_number, clinic.crisis_line) == ("911", "988")


def test_the_cards_own_numbers_win_over_its_countrys(tmp_path: Path) -> None:
    card = tmp_path / "ours.yml"
    text = (CONTENT / "clinic.yml").read_text(encoding="utf-8")
    card.write_text(f'{text}emergency_number: "15"\n', encoding="utf-8")
    clinic = load_catalogue(CONTENT, card).clinic
    assert (clinic.emergency_number, clinic.crisis_line) == ("15", "116 123")


def test_presets_cover_the_common_emergency_numbers() -> None:
    countries = ContentFile(CONTENT / "countries.yml", key="country").load_list(Country)
    assert {"911", "999", "000", "112"} <= {country.emergency_number for country in countries}
