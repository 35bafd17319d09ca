"""Constraints between hyperparameters, such as ``num_leaves <= 2 ** max_depth``: read without running anything.

The text is parsed by Python's own parser and only comparisons, arithmetic, ``and``, ``or`` and ``not`` over names,
numbers and quoted words are let through; the tree that is left is walked here and never compiled.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

from advisor.space import Value

MOST_CHARACTERS: Final = 500

_ARITHMETIC: Final[dict[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISON: Final[dict[type[ast.cmpop], Callable[[object, object], bool]]] = {
    ast.Lt: operator.lt,  # type: ignore[dict-item]  # numbers and words only, by construction
    ast.LtE: operator.le,  # type: ignore[dict-item]
    ast.Gt: operator.gt,  # type: ignore[dict-item]
    ast.GtE: operator.ge,  # type: ignore[dict-item]
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_ALLOWED: Final = (
    ast.Expression,
    ast.Compare,
    ast.BoolOp,
    ast.BinOp,
    ast.UnaryOp,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.And,
    ast.Or,
    ast.Not,
    ast.USub,
    ast.UAdd,
    *_ARITHMETIC,
    *_COMPARISON,
)


def parsed(expression: str) -> ast.expr:
    """The tree of a constraint.

    Raises:
        ValueError: It is too long, is no expression, or uses what is not allowed.
    """
    if len(expression) > MOST_CHARACTERS:
        raise ValueError(f"a constraint has at most {MOST_CHARACTERS} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ValueError(f"{expression!r} is no comparison such as 'a <= 2 ** b'") from error
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise ValueError(f"{expression!r}: {type(node).__name__} is not allowed in a constraint")
        if isinstance(node, ast.Constant) and not isinstance(node.value, int | float | str):
            raise ValueError(f"{expression!r}: {node.value!r} is not allowed in a constraint")
    if not isinstance(tree.body, ast.Compare | ast.BoolOp | ast.UnaryOp):
        raise ValueError(f"{expression!r} compares nothing; write one such as 'a <= 2 ** b'")
    return tree.body


def names(expression: str) -> frozenset[str]:
    """The parameters that a constraint speaks of."""
    return frozenset(node.id for node in ast.walk(parsed(expression)) if isinstance(node, ast.Name))


def holds(expression: str, config: Mapping[str, Value]) -> bool:
    """Whether a configuration keeps the constraint; one that lacks a parameter, or sets it to None, does."""
    if any(config.get(name) is None for name in names(expression)):
        return True
    try:
        return bool(_value(parsed(expression), config))
    except (TypeError, ZeroDivisionError, OverflowError):
        return False


def renamed(expression: str, own_names: Mapping[str, str]) -> str:
    """The constraint with parameters called by other names."""
    tree = parsed(expression)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = own_names.get(node.id, node.id)
    return ast.unparse(tree)


def _value(node: ast.expr, config: Mapping[str, Value]) -> object:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return config[name]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, config)
        case ast.UnaryOp(op=sign, operand=operand):
            number = _number(_value(operand, config))
            return -number if isinstance(sign, ast.USub) else number
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(op, _value(left, config), _value(right, config))
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(value, config) for value in values)
        case ast.BoolOp(values=values):
            return any(_value(value, config) for value in values)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [_value(side, config) for side in (left, *comparators)]
            return all(_COMPARISON[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False))
    raise TypeError(type(node).__name__)


def _number(value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise TypeError(f"{value!r} is not a number")


def _arithmetic(op: ast.operator, left: object, right: object) -> float:
    a, b = float(_number(left)), float(_number(right))
    try:
        result = _ARITHMETIC[type(op)](a, b)
    except OverflowError:
        return math.inf
    return result if isinstance(result, float) else math.nan
