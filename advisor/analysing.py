"""What the command ``importance`` answers: the measurement, all methods side by side, pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor import answers, importances_text
from advisor.errors import InvalidFile, Problem
from advisor.measuring import Importances, measure
from advisor.plan import Plan

if TYPE_CHECKING:
    from advisor.comparing import Comparison
    from advisor.readers import Loaded
    from advisor.terminal import Style


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What was found in trials.

    Attributes:
        found: The measurement.
        comparison: All methods side by side, where they were asked for.
        plan: The plan that was run, if it is known.
        metric: What the scores are called.
    """

    found: Importances
    comparison: Comparison | None
    plan: Plan | None
    metric: str


def analyse(
    loaded: Loaded, plan: Plan | None, *, full: bool = False, triples: Sequence[str] = (), seed: int = 0
) -> Analysis:
    """What mattered in trials that were read.

    Args:
        loaded: The trials.
        plan: The plan that was run, if it is known.
        full: Whether all methods are asked.
        triples: Names with commas between them, of which is asked what they explain only together.
        seed: Of subsamples.

    Raises:
        TooFewTrials: It says how many more would do.
        InvalidFile: No trial has a parameter of the space.
        UnknownName: A name of ``triples`` was not measured.
    """
    space = plan or loaded.space
    if not full:
        found = measure(loaded.trials, space, direction=loaded.direction, seed=seed)
        return Analysis(found=found, comparison=None, plan=plan, metric=loaded.metric)
    from advisor.comparing import compare  # noqa: PLC0415 - the methods that few ask for are slow to import

    together = [tuple(name.strip() for name in names.split(",")) for names in triples]
    comparison = compare(loaded.trials, space, direction=loaded.direction, together=together, seed=seed)
    return Analysis(found=comparison.found, comparison=comparison, plan=plan, metric=loaded.metric)


def rendered(analysis: Analysis, form: str, style: Style | None = None) -> str:
    """The analysis as text or JSON."""
    if form == "json":
        return json.dumps(data(analysis), indent=2, ensure_ascii=False) + "\n"
    text = importances_text.rendered(analysis.found, analysis.plan, style)
    if analysis.comparison is None:
        return text
    from advisor import comparison_text  # noqa: PLC0415 - as above

    return f"{text}\n{comparison_text.rendered(analysis.comparison, analysis.metric, style)}"


def data(analysis: Analysis) -> dict[str, Any]:
    """The analysis as plain data."""
    found = importances_text.data(analysis.found, analysis.plan)
    if analysis.comparison is None:
        return found
    from advisor import comparison_text  # noqa: PLC0415 - as above

    return found | comparison_text.data(analysis.comparison)


def draw(analysis: Analysis, loaded: Loaded, folder: Path) -> list[Path]:
    """Write every picture that there is into a folder, and say where.

    Raises:
        MissingPackage: There is no matplotlib.
        InvalidFile: The folder cannot be written.
    """
    from advisor import pictures  # noqa: PLC0415 - only pictures need it

    found, metric = analysis.comparison or analysis.found, analysis.metric
    figures = {
        "importances": pictures.plot_importances(found),
        "curves": pictures.plot_curves(found, loaded.trials, metric=metric),
        "pairs": pictures.plot_pairs(found, loaded.trials, metric=metric),
    }
    if analysis.comparison is not None:
        figures["ablation"] = pictures.plot_ablation(analysis.comparison, metric=metric)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidFile([Problem(sentence=f"{folder} cannot be made: {error.strerror}")]) from error
    for name, figure in figures.items():
        answers.write(folder / f"{name}.svg", pictures.svg(figure))
    return [folder / f"{name}.svg" for name in figures]
