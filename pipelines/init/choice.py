"""Choice: the column or expression for a key of flywheel.toml, why, and what else it may be."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Choice:
    """A value for a key, the reason as a comment, and questions about it."""

    key: str
    value: object  # a text, a list of texts, a flag, a number or a mapping
    reason: str = ""
    questions: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        """The columns or expressions that the value names; none where it names something else."""
        if isinstance(self.value, str):
            return [self.value]
        return [str(item) for item in self.value] if isinstance(self.value, list) else []


@dataclass
class Section:
    """A section of flywheel.toml while it is drafted."""

    name: str
    choices: list[Choice] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)  # above the section
    questions: list[str] = field(default_factory=list)  # below its keys

    def value(self, key: str) -> object:
        """The value of a key, or None."""
        return next((choice.value for choice in self.choices if choice.key == key), None)
