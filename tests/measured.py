"""What was measured, made by hand: the same on every machine, so that what people read can be recorded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from advisor.comparing import Change, Comparison, Point
from advisor.importance import Curve, Estimate, Importance, Trust, tabulate
from advisor.importance.gaussian_process import GaussianProcess
from advisor.measuring import Importances
from advisor.methods import Method
from advisor.space import Choice, Numeric

DOMAINS = {
    "learning_rate": Numeric(1e-4, 1.0, log=True),
    "depth": Numeric(2, 12, integer=True),
    "kind": Choice(("plain", "fancy", "odd")),
    "a_parameter_with_a_name_that_no_table_has_room_for": Numeric(0.0, 1.0),
}
"""One of each kind."""
NAMES = tuple(DOMAINS)
SHARES = {
    "learning_rate": (0.55, 0.71, True),
    "depth": (0.08, 0.17, True),
    "kind": (0.04, 0.09, None),
    NAMES[3]: (0.0, 0.004, False),
}


def estimate(value, wide=0.1):
    return Estimate(value=value, low=max(value - wide, 0.0), high=min(value + wide, 1.0))


def process():
    """A process whose axes are those of the domains; it predicts the same everywhere."""
    rows = [(0.01, 3, "plain", 0.9), (0.001, 4, "fancy", 0.1), (0.1, 2, "odd", 0.15), (0.5, 9, "plain", 0.2)]
    configs = [dict(zip(NAMES, row, strict=True)) for row in [*rows, (0.2, 3, "odd", 0.7)]]
    table = tabulate(configs, DOMAINS)
    inert = {"noise": 0.1, "amplitude": 1.0, "centre": 0.5, "scale": 1.0, "density": 0.0}
    return GaussianProcess(
        axes=table.axes, inputs=table.units, lengths=np.ones(4), precision=np.eye(5), coefficients=np.zeros(5), **inert
    )


def importances(**changes):
    """Scores of 40 trials, of which less is better."""
    axes = {axis.name: axis for axis in process().axes}
    curves = {
        "learning_rate": lambda units: 0.2 + 1.5 * (units - 0.6) ** 2,
        "depth": lambda units: 0.3 + 0.3 * units,
        "kind": lambda units: 0.4 + 0.1 * (units == 1),
        NAMES[3]: lambda units: 0.42 + 0 * units,
    }
    found = {}
    for name, (main, total, matters) in SHARES.items():
        mean = curves[name](axes[name].nodes)
        values = tuple(axes[name].value(float(node)) for node in axes[name].nodes)
        found[name] = Importance(
            main=estimate(main),
            total=estimate(total),
            noise_floor=0.05,
            evidence=1.0,
            matters=matters,
            curve=Curve(values=values, mean=mean, low=mean - 0.05, high=mean + 0.05),
        )
    trust = Trust(trials=40, seen=40, left_out=0.86, coverage=0.91, disagreement=None, verdict="fair")
    return replace(
        Importances(
            parameters=found,
            pairs={("learning_rate", "depth"): 0.09, ("depth", "kind"): 0.01},
            explained=0.86,
            trust=trust,
            aside={"seed": "it was always 0"},
            remarks=("3 trials are not used",),
            process=process(),
        ),
        **changes,
    )


def method(name, heading, kind, values, wide=None):
    figures = dict(zip(NAMES, values, strict=False))
    intervals = {} if wide is None else {n: (max(value - wide, 0.0), value + wide) for n, value in figures.items()}
    question = f"What does {name} say?"
    return Method(name=name, heading=heading, question=question, kind=kind, values=figures, intervals=intervals)


def comparison(**changes):
    """Four methods, and a way of three steps of which one is worth nothing alone and one nothing at all."""
    path = (
        Change(name="learning_rate", before=0.1, after=0.0123456, score=0.45, gain=0.4, alone=0.4),
        Change(name="depth", before=6, after=3, score=0.3, gain=0.15, alone=-0.05),
        Change(name="kind", before="plain", after="odd", score=0.299, gain=0.001, alone=0.0),
    )
    return replace(
        Comparison(
            found=importances(),
            methods=(
                method("alone", ("", "alone"), "variance", (0.55, 0.08, 0.04, 0.0), wide=0.1),
                method("optuna_fanova", ("Optuna's", "fANOVA"), "variance", (0.2, 0.1, 0.7)),
                method("ped_anova", ("PED-", "ANOVA"), "share", (0.0, 0.3, 0.7, 0.0)),
                method("worth", ("worth", "tuning"), "metric", (0.41, 0.2, 0.0, 0.0012), wide=0.03),
            ),
            start=Point(what="the first trial", config={"learning_rate": 0.1, "depth": 6, "kind": "plain"}, score=0.85),
            path=path,
            end=Point(what="the best trial by the model", config={"learning_rate": 0.0123456}, score=0.299),
            together={("learning_rate", "depth", "kind"): 0.02},
            remarks=("forests were fitted to 2,000 of 9,000 trials, drawn at random",),
        ),
        **changes,
    )
