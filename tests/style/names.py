"""Name check: finds functions named by a bare participle, vague value names and retired words in identifiers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Without those that are also the base form of the verb (put, read, split) or a noun (bound, ground).
IRREGULAR_PARTICIPLES = frozenset({
    "beaten", "been", "begun", "bent", "bitten", "born", "bought", "bred", "broken", "brought", "built",
    "burnt", "caught", "chosen", "dealt", "done", "drawn", "driven", "dug", "eaten", "fallen", "fed", "felt",
    "fled", "forgotten", "fought", "found", "frozen", "given", "gone", "got", "gotten", "grown", "heard",
    "held", "hidden", "hung", "kept", "known", "laid", "lain", "learnt", "led", "lent", "lost", "made", "meant",
    "met", "paid", "proven", "ridden", "risen", "said", "seen", "sent", "shaken", "shot", "shown", "slid",
    "sold", "sought", "spelt", "spent", "spoken", "spun", "stolen", "stood", "struck", "stuck", "sung", "sunk",
    "swept", "sworn", "swum", "taken", "taught", "thought", "thrown", "told", "torn", "understood", "withdrawn",
    "withheld", "woken", "won", "worn", "written",
})  # fmt: skip
# Verbs and nouns in -ed, and adjectives that are terms of the field.
ALLOWED_FUNCTION_NAMES = frozenset({
    "embed", "exceed", "feed", "need", "proceed", "ragged", "required", "seed", "shed", "shred", "speed",
    "succeed",
})  # fmt: skip
BANNED_VALUE_NAMES = frozenset({"held", "kept", "laid", "said", "told"})
BANNED_WORDS = frozenset({"crowd", "crowds", "habit", "habits", "ladder", "ladders", "rung", "rungs"})

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, order=True)
class NameProblem:
    """A name that breaks a rule, at the place that introduces it."""

    file: str
    line: int
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.name}: {self.reason}"


def check_file(path: Path, root: Path) -> list[NameProblem]:
    """Return the problems of one file, named relative to ``root``."""
    return check_source(path.read_text(encoding="utf-8"), path.relative_to(root).as_posix())


def check_source(source: str, file: str) -> list[NameProblem]:
    """Return the problems of all names that a module introduces, and of its path, in the order of lines."""
    problems = [NameProblem(file, 1, part, reason) for part in Path(file).parts for reason in _word_problems(part)]
    for node in ast.walk(ast.parse(source)):
        for name in _introduced_names(node):
            rules = _function_problems if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else _value_problems
            line = getattr(node, "lineno", 1)
            problems += [NameProblem(file, line, name, reason) for reason in (*rules(name), *_word_problems(name))]
    return sorted(set(problems))


def _introduced_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that this node introduces: of a function, class, parameter, value, attribute or import."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name) | ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name


def _function_problems(name: str) -> Iterator[str]:
    word = name.strip("_")
    is_participle = word.endswith("ed") or word in IRREGULAR_PARTICIPLES
    if is_participle and word.islower() and "_" not in word and word not in ALLOWED_FUNCTION_NAMES:
        yield "name a function by a verb phrase or by what it returns"


def _value_problems(name: str) -> Iterator[str]:
    if name.strip("_") in BANNED_VALUE_NAMES:
        yield "name a value by what it is (config, payload, manifest, records)"


def _word_problems(name: str) -> Iterator[str]:
    for word in BANNED_WORDS.intersection(part.lower() for part in _WORD.findall(name)):
        yield f"use the terms of docs/glossary.md instead of {word}"
