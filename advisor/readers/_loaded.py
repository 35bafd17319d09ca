"""The trials of a file, with what was found about them and what could not be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor.readers._log import Condition, Parameter
from advisor.space import Choice, Domain, type_name, written
from advisor.spec import Direction
from advisor.trials import Trial


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many records of a file are what; complete, failed and pruned ones are trials, all others are not.

    Attributes:
        complete: Have a value.
        failed: Have none, or an infinite one.
        pruned: Were ended early.
        running: Had not ended, or not begun.
        duplicate: Are there once more.
        out_of_range: Have a value that the plan's or the file's ranges do not.
        unreadable: Could not be read.
    """

    complete: int = 0
    failed: int = 0
    pruned: int = 0
    running: int = 0
    duplicate: int = 0
    out_of_range: int = 0
    unreadable: int = 0


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Trials that were read.

    Attributes:
        path: Where they were read.
        format: The reader that knew the file, such as ``optuna``.
        metric: The figure that a trial's value is.
        direction: Whether less or more of it is better.
        trials: In the file's order; names are the plan's where there is one.
        parameters: What was searched, where, and who says so; what never varied has one choice.
        counts: How many records are what.
        outside: Those out of range, such as a library's default that no search proposes; whoever measures the space
            cannot use them.
        ignored: Columns that are neither setting nor metric, each with the reason.
        remarks: What a person should know before they trust the trials, in sentences.
    """

    path: str
    format: str
    metric: str
    direction: Direction
    trials: tuple[Trial, ...]
    parameters: Mapping[str, Parameter]
    counts: Counts
    outside: tuple[Trial, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def domains(self) -> dict[str, Domain]:
        """Where each parameter was searched."""
        return {name: parameter.domain for name, parameter in self.parameters.items()}

    @property
    def conditions(self) -> dict[str, Condition]:
        """For some parameters, the values of others for which they have an effect."""
        return {name: parameter.when for name, parameter in self.parameters.items() if parameter.when}

    @property
    def space(self) -> dict[str, dict[str, Any]]:
        """The parameters in the form in which a spec has its ``space``."""
        return {name: _spelt(parameter) for name, parameter in self.parameters.items()}


def _spelt(parameter: Parameter) -> dict[str, Any]:
    domain = parameter.domain
    spelt: dict[str, Any] = {"type": type_name(domain)}
    if isinstance(domain, Choice):
        spelt |= {"choices": list(domain.choices)} | ({"ordered": True} if domain.ordered else {})
    else:
        spelt |= {end: written(getattr(domain, end), integer=domain.integer) for end in ("low", "high")}
        spelt |= ({"log": True} if domain.log else {}) | ({} if domain.step is None else {"step": domain.step})
    if parameter.when:
        spelt["when"] = {name: list(v) if isinstance(v, tuple) else v for name, v in parameter.when.items()}
    return spelt
