"""The errors that a user is expected to meet: one message each, an exit code, no traceback."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final, NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The keys that lead to a value in a file: ``("space", "lr", "low")``."""


class Problem(NamedTuple):
    """One thing that is wrong with a file, and what to do about it.

    Attributes:
        sentence: What is wrong, beginning with the name of the thing.
        path: Where in the data; empty for the whole file.
        hint: What to do, as a short phrase such as ``did you mean 'step'?``.
        at_key: Whether the key itself is wrong rather than its value.
        mark: Line and column, both from 1, where the place is known already.
    """

    sentence: str
    path: Path = ()
    hint: str = ""
    at_key: bool = False
    mark: tuple[int, int] | None = None

    def __str__(self) -> str:
        place = dotted(self.path)
        text = f"{place}: {self.sentence}" if place else self.sentence
        return f"{text}; {self.hint}" if self.hint else text


class AdvisorError(Exception):
    """What every expected error is: a message for the user and an exit code for the shell."""

    exit_code: ClassVar[int] = 2


class InvalidFile(AdvisorError):
    """A file, or data in the form of one, breaks its format; all problems at once."""

    def __init__(self, problems: Iterable[Problem], rendered: str | None = None) -> None:
        self.problems = tuple(problems)
        self.is_placed = rendered is not None
        super().__init__(rendered or "\n".join(str(problem) for problem in self.problems))


class UnknownName(AdvisorError):
    """A family, parameter, rule or source that nobody knows.

    Attributes:
        problem: The same as a problem of the file that has the name, for whoever knows the file.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], path: Path = ()) -> None:
        known = sorted(known)
        remedy = did_you_mean(name, known) or f"known: {', '.join(known)}"
        self.problem = Problem(sentence=f"no {kind} {name!r}", path=path, hint=remedy)
        super().__init__(f"no {kind} {name!r}; {remedy}")


class RuleConflict(AdvisorError):
    """Two rules of the knowledge base contradict each other."""

    exit_code = 3


class CannotExport(AdvisorError):
    """A target cannot express what a plan searches."""

    exit_code = 4

    def __init__(self, target: str, losses: Iterable[str]) -> None:
        lines = "\n".join(f"  {loss}" for loss in losses)
        super().__init__(f"{target} cannot express the plan:\n{lines}\nwrite it all the same with --allow-loss")


class MissingPackage(AdvisorError):
    """A command needs a package that is not installed."""

    exit_code = 5

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'hpo-advisor[{extra}]'")


def dotted(path: Path) -> str:
    """The path as it is written in messages: ``stages.0.search.lr``."""
    return ".".join(str(part) for part in path)


_LEAST_PREFIX: Final = 3
"""Letters that a name must share with the beginning of another, for that to be what was meant."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The hint for a misspelt name, or nothing where no known name is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    candidates = {candidate.casefold(): candidate for candidate in sorted(known)}
    near = get_close_matches(name.casefold(), candidates, n=1, cutoff=0.6)
    if not near and len(name) >= _LEAST_PREFIX:
        near = [candidate for candidate in candidates if candidate.startswith(name.casefold())]
    return f"did you mean {candidates[near[0]]!r}?" if near else ""
