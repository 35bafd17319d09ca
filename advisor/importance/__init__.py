"""What mattered: how much of the variance of scores each parameter explains, measured from trials.

Every module is a method, a function of arrays. The main engine is a Gaussian process whose Sobol indices have a closed
form; it needs numpy only.
"""

from __future__ import annotations

from advisor.importance.measurement import Curve, Estimate, Importance, Measurement, TooFewTrials, Trust, measure
from advisor.importance.table import Axis, Table, tabulate

__all__ = [
    "Axis",
    "Curve",
    "Estimate",
    "Importance",
    "Measurement",
    "Table",
    "TooFewTrials",
    "Trust",
    "measure",
    "tabulate",
]
