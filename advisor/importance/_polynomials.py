"""Orthonormal functions of one parameter: polynomials where its values have an order, else indicators of categories."""

from __future__ import annotations

import numpy as np

from advisor.importance.table import Axis, Floats


def basis(axis: Axis, units: Floats, degree: int) -> Floats:
    """Orthonormal functions of one parameter up to a degree, without the constant; zero where it has no effect."""
    at_nodes, at_units = _monomials(axis, axis.nodes, degree), _monomials(axis, units, degree)
    _, triangle = np.linalg.qr(at_nodes * np.sqrt(axis.weights)[:, None])
    return np.nan_to_num(np.linalg.solve(triangle.T, at_units.T).T[:, 1:], nan=0.0)


def _monomials(axis: Axis, units: Floats, degree: int) -> Floats:
    if axis.categorical:
        return np.column_stack([np.ones(len(units)), *(_is(units, code) for code in axis.nodes[1:])])
    most = min(degree, len(axis.nodes) - 1)
    return np.asarray(np.polynomial.legendre.legvander(2 * np.clip(units, 0, 1) - 1, most))


def _is(units: Floats, code: float) -> Floats:
    return np.where(np.isnan(units), np.nan, units == code)
