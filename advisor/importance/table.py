"""Trials as a matrix: every parameter a column on the scale on which it is searched.

The measure over which importance is defined is uniform on that scale: over the logarithm where the scale is
logarithmic, over values of a grid, over categories. A parameter without effect beside the others, such as the momentum
of an optimiser that has none, is a latent input: it keeps its measure, and has no effect while its condition fails.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from advisor.space import Choice, Domain, Numeric, Value, is_single, same, shown_value, tidy

Floats: TypeAlias = NDArray[np.float64]
Condition: TypeAlias = Mapping[str, Value | tuple[Value, ...]]
Config: TypeAlias = Mapping[str, Value]

NODES: Final = 32
"""Nodes of the quadrature of a continuous range: exact for polynomials of degree 63."""

_LONGEST_GRID: Final = 64
"""Up to so many values a grid is summed over; a longer one is as good as continuous."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One parameter: its scale, its measure, and when it has an effect.

    Attributes:
        name: As in the configurations.
        domain: Where it is searched.
        categorical: Whether its values have no order; a column then holds their positions in ``domain.choices``.
        nodes: Points of its quadrature, in the units of its column; shape (g,).
        weights: Their weights, which sum to 1; shape (g,).
        conditions: Pairs of the position of another axis and of the nodes of that axis for which this one has an
            effect; a mask of the shape of its nodes.
    """

    name: str
    domain: Domain
    categorical: bool
    nodes: Floats
    weights: Floats
    conditions: tuple[tuple[int, NDArray[np.bool_]], ...] = ()

    def value(self, unit: float) -> Value:
        """The value of the parameter at a point of its column."""
        return _value(self.domain, unit)

    @property
    def continuous(self) -> bool:
        """Whether the measure is spread over [0, 1], rather than over the nodes."""
        return isinstance(self.domain, Numeric) and not _is_short_grid(self.domain)

    def below(self, units: Floats) -> Floats:
        """How much of the measure lies at or below points of the column; the shape of ``units``."""
        if self.continuous:
            return np.clip(units, 0, 1)
        return np.append(0.0, np.cumsum(self.weights))[np.searchsorted(self.nodes, units, side="right")]

    def at(self, shares: Floats) -> Floats:
        """The points of the column at or below which such shares of the measure lie: the inverse of ``below``."""
        if self.continuous:
            return shares
        return self.nodes[np.minimum(np.searchsorted(np.cumsum(self.weights), shares), len(self.nodes) - 1)]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Configurations as numbers.

    Attributes:
        axes: The parameters that varied.
        units: One row a configuration, one column an axis: in [0, 1] where values have an order, else the position of
            the category; NaN where the parameter had no effect; shape (n, d).
        aside: Why a parameter has no column, by its name.
    """

    axes: tuple[Axis, ...]
    units: Floats
    aside: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(axis.name for axis in self.axes)

    def rows(self, chosen: NDArray[np.int64]) -> Table:
        """The table of some of the configurations."""
        return Table(axes=self.axes, units=self.units[chosen], aside=self.aside)


def tabulate(
    configs: Sequence[Config],
    domains: Mapping[str, Domain],
    conditions: Mapping[str, Condition] = MappingProxyType({}),
) -> Table:
    """The table of configurations.

    Args:
        configs: Values by name; a name that is missing had no effect.
        domains: Where each parameter is searched. Names that are not here are left out.
        conditions: For some parameters, the values of others for which they have an effect.

    Raises:
        ValueError: A value is neither a number nor one of the choices.
    """
    order = TopologicalSorter({name: tuple(conditions.get(name, ())) for name in domains}).static_order()
    columns: dict[str, Floats] = {}
    for name in order:
        if name in domains:
            active = [_holds(conditions.get(name, {}), config, columns, row) for row, config in enumerate(configs)]
            columns[name] = _column(name, domains[name], configs, active)
    parents = {parent for condition in conditions.values() for parent in condition}
    aside = _aside({name: columns[name] for name in domains}, domains, parents)
    kept = [name for name in domains if name not in aside]
    axes = tuple(_axis(name, domains, kept, conditions.get(name, {})) for name in kept)
    units = np.column_stack([columns[name] for name in kept]) if kept else np.empty((len(configs), 0))
    return Table(axes=axes, units=units, aside=aside)


def _holds(condition: Condition, config: Config, columns: Mapping[str, Floats], row: int) -> bool:
    return all(
        parent in config
        and _wanted(config[parent], wanted)
        and not (parent in columns and np.isnan(columns[parent][row]))
        for parent, wanted in condition.items()
    )


def _wanted(value: Value, wanted: Value | tuple[Value, ...]) -> bool:
    return any(same(value, one) for one in (wanted if isinstance(wanted, tuple) else (wanted,)))


def _column(name: str, domain: Domain, configs: Sequence[Config], active: Iterable[bool]) -> Floats:
    present = [
        config[name] if holds and name in config else math.nan for config, holds in zip(configs, active, strict=True)
    ]
    if isinstance(domain, Numeric):
        return _positions(name, domain, present)
    codes = {(isinstance(choice, bool), choice): code for code, choice in enumerate(domain.choices)}
    try:
        found = [math.nan if value != value else codes[isinstance(value, bool), value] for value in present]  # noqa: PLR0124 - NaN
    except KeyError as error:
        raise ValueError(f"{name}: {error.args[0][1]!r} is not one of its choices") from None
    units = np.array(found, dtype=np.float64)
    return (units + 0.5) / len(domain.choices) if domain.ordered else units


def _positions(name: str, domain: Numeric, values: Sequence[Value]) -> Floats:
    try:
        natural = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: not all of its values are numbers") from None
    if domain.log and np.any(natural <= 0):
        raise ValueError(f"{name}: a value on a logarithmic scale is not above 0")
    low, high = _ends(domain)
    if low == high:
        return np.where(np.isnan(natural), np.nan, 0.5)
    return (_scaled(domain, natural) - low) / (high - low)


def _scaled(domain: Numeric, natural: Floats) -> Floats:
    return np.log(natural) if domain.log else natural


def _spacing(domain: Numeric) -> float:
    """The distance of neighbouring values; 0 for a continuous range."""
    return domain.step or (1.0 if domain.integer else 0.0)


def _is_short_grid(domain: Numeric) -> bool:
    spacing = _spacing(domain)
    return spacing > 0 and (domain.high - domain.low) / spacing < _LONGEST_GRID


def _ends(domain: Numeric) -> tuple[float, float]:
    """The ends of the scale: a grid reaches half a step beyond its ends, so that all its values weigh the same."""
    half = _spacing(domain) / 2
    low, high = _scaled(domain, np.array([domain.low - half, domain.high + half]))
    return float(low), float(high)


def _aside(columns: Mapping[str, Floats], domains: Mapping[str, Domain], parents: set[str]) -> dict[str, str]:
    """Why some parameters cannot be measured: one value, no effect ever, or always together with another."""
    aside: dict[str, str] = {}
    seen: dict[bytes, str] = {}
    for name, column in columns.items():
        present = column[~np.isnan(column)]
        if not present.size:
            aside[name] = "it had an effect in no trial"
        elif is_single(domains[name]) or np.ptp(present) == 0:
            aside[name] = f"it was always {shown_value(_value(domains[name], float(present[0])))}"
        elif (twin := seen.setdefault(_pattern(column, domains[name]), name)) != name and name not in parents:
            aside[name] = f"it changed only together with {twin}"
    return aside


def _pattern(column: Floats, domain: Domain) -> bytes:
    """What two columns have in common that no trial tells apart: equal or opposite ranks, or the same groups."""
    filled = np.nan_to_num(column, nan=-1.0)
    _, first, ranks = np.unique(filled, return_index=True, return_inverse=True)
    if isinstance(domain, Choice) and not domain.ordered:
        return bytes(np.argsort(np.argsort(first))[ranks].tobytes())
    return max(bytes(ranks.tobytes()), bytes((ranks.max() - ranks).tobytes()))


def _axis(name: str, domains: Mapping[str, Domain], kept: Sequence[str], condition: Condition) -> Axis:
    nodes, weights = _quadrature(domains[name])
    masks = tuple(
        (kept.index(parent), _mask(domains[parent], wanted)) for parent, wanted in condition.items() if parent in kept
    )
    domain = domains[name]
    categorical = isinstance(domain, Choice) and not domain.ordered
    return Axis(name=name, domain=domain, categorical=categorical, nodes=nodes, weights=weights, conditions=masks)


def _mask(domain: Domain, wanted: Value | tuple[Value, ...]) -> NDArray[np.bool_]:
    nodes, _ = _quadrature(domain)
    return np.array([_wanted(_value(domain, float(node)), wanted) for node in nodes])


def _quadrature(domain: Domain) -> tuple[Floats, Floats]:
    """Nodes and weights that integrate over the measure of a parameter."""
    if isinstance(domain, Choice):
        count = len(domain.choices)
        codes = np.arange(count, dtype=np.float64)
        return (codes + 0.5) / count if domain.ordered else codes, np.full(count, 1 / count)
    if _is_short_grid(domain):
        spacing = _spacing(domain)
        natural = np.arange(domain.low, domain.high + spacing / 2, spacing)
        low, high = _ends(domain)
        borders = _scaled(domain, np.append(natural - spacing / 2, natural[-1] + spacing / 2))
        widths = np.diff(borders)
        return (_scaled(domain, natural) - low) / (high - low), widths / widths.sum()
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1) / 2, weights / 2


def _value(domain: Domain, unit: float) -> Value:
    if isinstance(domain, Choice):
        count = len(domain.choices)
        code = int(unit * count) if domain.ordered else int(unit)
        return domain.choices[min(max(code, 0), count - 1)]
    low, high = _ends(domain)
    natural = low + unit * (high - low)
    natural = math.exp(natural) if domain.log else natural
    spacing = _spacing(domain)
    if spacing:
        natural = domain.low + round((natural - domain.low) / spacing) * spacing
    natural = min(max(natural, domain.low), domain.high)
    return int(natural) if domain.integer else tidy(natural)
