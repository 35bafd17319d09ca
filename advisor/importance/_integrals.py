"""Integrals of a product kernel over the measure of a space with conditions.

What hangs together through conditions is a group, within which the values of the parents are summed over; all else is a
product of integrals over one parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import product

import numpy as np
from numpy.typing import NDArray

from advisor.importance.gaussian_process import absent, similarity
from advisor.importance.table import Axis, Floats


@dataclass(frozen=True, kw_only=True)
class Group:
    """Parameters that hang together through conditions, or one that stands alone.

    Attributes:
        members: Positions of its axes.
        parents: Those of them that conditions speak of.
        nodes: One row for each combination of nodes of the parents; shape (r, number of parents).
        weights: Measure of each combination; shape (r,).
        active: Which axes have an effect there; shape (r, d), of which only members count.
    """

    members: tuple[int, ...]
    parents: tuple[int, ...]
    nodes: NDArray[np.int64]
    weights: Floats
    active: NDArray[np.bool_]


def groups(axes: Sequence[Axis]) -> tuple[Group, ...]:
    members = [{column} for column in range(len(axes))]
    for column, axis in enumerate(axes):
        for parent, _ in axis.conditions:
            joined = members[column] | members[parent]
            for one in joined:
                members[one] = joined
    return tuple(_group(axes, tuple(sorted(each))) for each in dict.fromkeys(map(frozenset, members)))


def _group(axes: Sequence[Axis], members: tuple[int, ...]) -> Group:
    parents = tuple(sorted({parent for member in members for parent, _ in axes[member].conditions}))
    nodes = np.array(list(product(*(range(len(axes[parent].nodes)) for parent in parents))), dtype=np.int64)
    weights = np.ones(len(nodes))
    for position, parent in enumerate(parents):
        weights *= axes[parent].weights[nodes[:, position]]
    active = np.ones((len(nodes), len(axes)), dtype=bool)
    for _ in parents:  # a chain of conditions is no longer than there are parents
        for member in members:
            for parent, mask in axes[member].conditions:
                active[:, member] &= active[:, parent] & mask[nodes[:, parents.index(parent)]]
    return Group(members=members, parents=parents, nodes=nodes, weights=weights, active=active)


@dataclass(frozen=True)
class Line:
    """Integrals of the kernel of one parameter, over its measure (``mean``) and at the observations."""

    axis: Axis
    observed: Floats
    length: float

    @cached_property
    def at_nodes(self) -> Floats:
        """Between nodes and observations; shape (g, n)."""
        return similarity(self.axis, self.axis.nodes, self.observed, self.length)

    @cached_property
    def mean(self) -> Floats:
        """Mean over the measure; shape (n,)."""
        return np.asarray(self.axis.weights @ self.at_nodes)

    @cached_property
    def product(self) -> Floats:
        """Mean of the product of two kernels; shape (n, n)."""
        return np.asarray((self.at_nodes.T * self.axis.weights) @ self.at_nodes)

    @cached_property
    def held(self) -> Floats:
        """Between the place of the parameter without effect and observations; shape (n,)."""
        return np.asarray(similarity(self.axis, self._place, self.observed, self.length)[0])

    @cached_property
    def _place(self) -> Floats:
        return np.array([absent(self.axis)])

    @cached_property
    def among(self) -> Floats:
        """Between nodes; shape (g, g)."""
        return similarity(self.axis, self.axis.nodes, self.axis.nodes, self.length)

    @cached_property
    def to_held(self) -> Floats:
        """Between nodes and the place of the parameter without effect; shape (g,)."""
        return similarity(self.axis, self.axis.nodes, self._place, self.length)[:, 0]

    def prior(self, *, left: bool, right: bool) -> float:
        """Mean of the kernel between two points, each anywhere where it has an effect, else held."""
        weights = self.axis.weights
        if left and right:
            return float(weights @ self.among @ weights)
        return float(weights @ self.to_held) if left or right else 1.0


class Block:
    """Integrals of the product of the kernels of one group."""

    def __init__(self, group: Group, lines: Sequence[Line]) -> None:
        self.group, self.lines = group, lines
        self.leaves = tuple(member for member in group.members if member not in group.parents)
        self.regimes = range(len(group.weights))

    def _parents(self, regime: int) -> Floats:
        kernel = np.ones(len(self.lines[0].observed))
        for parent, node in zip(self.group.parents, self.group.nodes[regime], strict=True):
            line = self.lines[parent]
            kernel = kernel * (line.at_nodes[node] if self.group.active[regime, parent] else line.held)
        return kernel

    def _leaf(self, regime: int, leaf: int) -> Floats:
        line = self.lines[leaf]
        return line.mean if self.group.active[regime, leaf] else line.held

    def along(self, *fixed: int) -> Floats:
        """The mean of the kernel while some members are at their nodes; shape (g of each, n)."""
        base = np.array([self._rest(regime, fixed) for regime in self.regimes])
        spread = [np.array([self._at(regime, member) for regime in self.regimes]) for member in fixed]
        letters = ["rgn", "rhn"][: len(fixed)]
        return np.asarray(
            np.einsum(",".join(["rn", *letters]) + "->" + "gh"[: len(fixed)] + "n", base, *spread, optimize=True)
        )

    def known(self, *fixed: int) -> Floats:
        """The mean over some members of the product of two kernels that are averaged over the others; shape (n, n)."""
        rest = [self._rest(regime, fixed) for regime in self.regimes]
        result = np.zeros((len(self.lines[0].observed),) * 2)
        for left, right in product(self.regimes, self.regimes):
            term = np.outer(rest[left], rest[right])
            for member in fixed:
                term *= (self._at(left, member).T * self.lines[member].axis.weights) @ self._at(right, member)
            result += term
        return result

    def _rest(self, regime: int, fixed: Sequence[int]) -> Floats:
        """What the parents and the leaves that are not fixed contribute in a regime, with its measure."""
        leaves = (self._leaf(regime, leaf) for leaf in self.leaves if leaf not in fixed)
        return reduce(np.multiply, leaves, self.group.weights[regime] * self._parents(regime))

    def _at(self, regime: int, member: int) -> Floats:
        """The kernel of a member at its nodes in a regime; of a parent, whether the regime is of that node."""
        line = self.lines[member]
        if member in self.group.parents:
            return np.tile(self._chosen(regime, member)[:, None], (1, len(line.observed)))
        return line.at_nodes if self.group.active[regime, member] else np.tile(line.held, (len(line.axis.nodes), 1))

    def _chosen(self, regime: int, parent: int) -> Floats:
        node = self.group.nodes[regime, self.group.parents.index(parent)]
        chosen = np.zeros(len(self.lines[parent].axis.nodes))
        chosen[node] = 1 / self.lines[parent].axis.weights[node]
        return chosen

    def _twos(self, without: int | None) -> Iterator[tuple[int, int, float]]:
        """Regimes in twos that differ in one parent at most, with their measure."""
        if without not in self.group.parents:
            yield from ((regime, regime, float(self.group.weights[regime])) for regime in self.regimes)
            return
        position = self.group.parents.index(without)
        others = np.delete(self.group.nodes, position, axis=1)
        weights = self.lines[without].axis.weights
        for left, right in product(self.regimes, self.regimes):
            if (others[left] == others[right]).all():
                yield left, right, float(self.group.weights[left] * weights[self.group.nodes[right, position]])

    def twice(self, without: int | None = None) -> Floats:
        """The mean of the product of two kernels that differ in one member at most; shape (n, n)."""
        result = np.zeros((len(self.lines[0].observed),) * 2)
        for left, right, weight in self._twos(without):
            term = weight * np.outer(self._parents(left), self._parents(right))
            for leaf in self.leaves:
                if leaf != without and all(self._on(left, right, leaf)):
                    term *= self.lines[leaf].product
                else:
                    term *= np.outer(self._leaf(left, leaf), self._leaf(right, leaf))
            result += term
        return result

    def prior(self, without: int | None = None) -> float:
        """The mean of the kernel between two points that differ in one member; in all, where it is None."""
        total = 0.0
        twos = self._twos(without) if without is not None else self._all()
        for left, right, weight in twos:
            for leaf in self.leaves:
                on = self._on(left, right, leaf)
                shared = without not in (None, leaf) and all(on)
                weight *= 1.0 if shared else self.lines[leaf].prior(left=on[0], right=on[1])  # noqa: PLW2901
            total += weight * self._parents_prior(left, right)
        return total

    def _on(self, left: int, right: int, member: int) -> tuple[bool, bool]:
        """Whether a member has an effect in one regime, and in another."""
        return bool(self.group.active[left, member]), bool(self.group.active[right, member])

    def _all(self) -> Iterator[tuple[int, int, float]]:
        for left, right in product(self.regimes, self.regimes):
            yield left, right, float(self.group.weights[left] * self.group.weights[right])

    def _parents_prior(self, left: int, right: int) -> float:
        """The kernel of the parents between two regimes."""
        result = 1.0
        for position, parent in enumerate(self.group.parents):
            line, (one, other) = self.lines[parent], self.group.nodes[[left, right], position]
            match self._on(left, right, parent):
                case (True, True):
                    result *= line.among[one, other]
                case (True, False):
                    result *= line.to_held[one]
                case (False, True):
                    result *= line.to_held[other]
        return result

    def prior_along(self, fixed: int) -> Floats:
        """The prior covariance of the mean over all other members, between nodes of one; shape (g, g)."""
        line = self.lines[fixed]
        result = np.zeros_like(line.among)
        for left, right, weight in self._all():
            for leaf in self.leaves:
                if leaf != fixed:
                    on = self._on(left, right, leaf)
                    weight *= self.lines[leaf].prior(left=on[0], right=on[1])  # noqa: PLW2901
            result += weight * self._parents_prior(left, right) * self._between(left, right, fixed)
        return result

    def _between(self, left: int, right: int, member: int) -> Floats:
        line = self.lines[member]
        if member in self.group.parents:
            return np.outer(self._chosen(left, member), self._chosen(right, member))
        match self._on(left, right, member):
            case (True, True):
                return line.among
            case (True, False):
                return np.tile(line.to_held[:, None], (1, len(line.to_held)))
            case (False, True):
                return np.tile(line.to_held, (len(line.to_held), 1))
        return np.ones_like(line.among)
