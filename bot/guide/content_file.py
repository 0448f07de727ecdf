"""Reading YAML content so that a mistake is reported with its file, line and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class Problem:
    """One content mistake, in words a content editor can act on.

    Attributes:
        file: The content file, relative to the content folder's parent where possible.
        line: Line number, counted from 1.
        entry: The entry's id or name.
        message: What is wrong and what to do instead.
    """

    file: str
    line: int
    entry: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.entry}: {self.message}"


class ContentError(Exception):
    """The content cannot be used; `problems` says why, one sentence each."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def shown_path(path: Path) -> str:
    """A path as a person in the current folder would type it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


class ContentFile:
    """One YAML content file that knows on which line each entry and field stands.

    Args:
        path: The file.
        key: The field that names an entry in messages (`id`, `intent`, ...).

    Raises:
        ContentError: The file is missing or is not YAML.
    """

    def __init__(self, path: Path, key: str = "name") -> None:
        self.path = path
        self._key = key
        try:
            # In C: with line numbers, reading all content takes a quarter of a server's start.
            self._data: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ContentError(
                [self.problem(0, "file", f"cannot be read ({error.strerror}); put it back")]
            ) from error
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ContentError(
                [Problem(shown_path(path), line, "file", f"is not valid YAML: {error.problem}")]
            ) from error

    def problem(self, line: int, entry: str, message: str) -> Problem:
        """A problem in this file at a line counted from 0."""
        return Problem(shown_path(self.path), line + 1, entry, message)

    @cached_property
    def _with_lines(self) -> Any:
        """The same data, which knows on which line each part stands."""
        return YAML(typ="rt").load(self.path.read_text(encoding="utf-8"))

    def _line_of(self, place: int | None, field: str | None = None) -> int:
        """The line, counted from 0, of the entry at that place, or of one of its fields.

        Args:
            place: In the file's list of entries; None where the file is one entry.
            field: The entry's own line when None or not in it.
        """
        entry = self._with_lines if place is None else self._with_lines[place]
        if field is not None and field in entry:
            line: int = entry.lc.key(field)[0]
            return line
        return int(entry.lc.line)

    def problem_at(self, name: str, message: str, field: str | None = None) -> Problem:
        """A problem in the entry of that name, with the line looked up."""
        entries = enumerate(self._data) if isinstance(self._data, list) else [(None, self._data)]
        for place, entry in entries:
            if isinstance(entry, dict) and str(entry.get(self._key)) == name:
                return self.problem(self._line_of(place, field), name, message)
        return self.problem(0, name, message)

    def field(self, name: str) -> list[Any]:
        """The list under a top-level field of a file in Rasa's own format.

        Raises:
            ContentError: There is no such list.
        """
        found = self._data.get(name) if isinstance(self._data, dict) else None
        if not isinstance(found, list):
            raise ContentError([self.problem(0, "file", f"has no list `{name}:`")])
        return found

    def value(self, name: str) -> Any:
        """The value of a top-level field, or None.

        Raises:
            ContentError: The file does not hold fields.
        """
        if not isinstance(self._data, dict):
            raise ContentError([self.problem(0, "file", "must hold `field: value` lines")])
        return self._data.get(name)

    def load_one(
        self, model: type[ModelT], defaults: Mapping[str, Any] = MappingProxyType({})
    ) -> ModelT:
        """The whole file as one model.

        Args:
            model: What the file holds.
            defaults: Values for fields that the file leaves out.

        Raises:
            ContentError: A field is missing, unknown or malformed.
        """
        if not isinstance(self._data, dict):
            raise ContentError([self.problem(0, "file", "must hold `field: value` lines")])
        problems: list[Problem] = []
        loaded = self._parse(None, self._data, model, problems, defaults)
        if loaded is None:
            raise ContentError(problems)
        return loaded

    def load_list(self, model: type[ModelT]) -> list[ModelT]:
        """Every entry of the file as a model, in the order of the file.

        Raises:
            ContentError: An entry is malformed or stands twice; all are listed.
        """
        if not isinstance(self._data, list):
            raise ContentError([self.problem(0, "file", "must hold a list of `- ` entries")])
        problems: list[Problem] = []
        loaded: list[ModelT] = []
        seen: set[str] = set()
        for place, entry in enumerate(self._data):
            if not isinstance(entry, dict):
                problems.append(self.problem(0, str(entry), "must hold `field: value` lines"))
                continue
            name = str(entry.get(self._key, "entry without " + self._key))
            if name in seen:
                problems.append(
                    self.problem(self._line_of(place), name, "stands twice; remove one of them")
                )
            seen.add(name)
            parsed = self._parse(place, entry, model, problems)
            if parsed is not None:
                loaded.append(parsed)
        if problems:
            raise ContentError(problems)
        return loaded

    def _parse(
        self,
        place: int | None,
        entry: Any,
        model: type[ModelT],
        problems: list[Problem],
        defaults: Mapping[str, Any] = MappingProxyType({}),
    ) -> ModelT | None:
        name = str(entry.get(self._key, "entry"))
        try:
            return model.parse_obj({**defaults, **entry})
        except ValidationError as error:
            for detail in error.errors():
                field = str(detail["loc"][0])
                known = model.__fields__.get(field)
                remedy = f" ({known.field_info.title})" if known and known.field_info.title else ""
                problems.append(
                    self.problem(
                        self._line_of(place, field),
                        name,
                        f"field `{field}`: {detail['msg']}{remedy}",
                    )
                )
            return None
