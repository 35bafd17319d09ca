"""Constraints between hyperparameters, such as ``num_leaves <= 2 ** max_depth``: read without running anything.

The text is parsed by Python's own parser and only comparisons, arithmetic, ``and``, ``or`` and ``not`` over names,
numbers and quoted words are let through; the tree that is left is walked here and never compiled. A name that Python
would not take for one (``lambda``, ``max-depth``) stands in backquotes.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from advisor.space import Value, is_number, same

MOST_CHARACTERS: Final = 1000
MOST_DEPTH: Final = 40

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
_FORBIDDEN: Final = {
    ast.Call: "calling a function",
    ast.Attribute: "a name with a dot",
    ast.Subscript: "a name with [...]",
    ast.List: "a list",
    ast.Tuple: "a comma",
    ast.IfExp: "if and else",
    ast.Is: "is, in place of ==,",
    ast.In: "in, in place of == and or,",
}
# Text in quotes is passed over, so that a backquote in it means nothing.
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|`([^`]+)`")
_PLACEHOLDER: Final = "_quoted_{}_"


def parsed(expression: str) -> ast.expr:
    """The tree of a constraint.

    Raises:
        ValueError: It is too long or too deep, is no comparison, or uses what is not allowed.
    """
    if len(expression) > MOST_CHARACTERS:
        raise ValueError(f"a constraint has at most {MOST_CHARACTERS} characters")
    text, quoted = _without_backquotes(expression.strip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        words = [word for word in re.findall(r"\w+", text) if keyword.iskeyword(word)]
        word = next((word for word in words if word not in {"and", "or", "not"}), "")
        advice = f"; write the name `{word}` in backquotes" if word else ""
        raise ValueError(f"{expression!r} is no comparison such as 'a <= 2 ** b'{advice}") from error
    _check(tree, expression)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = quoted.get(node.id, node.id)
    return tree


def _without_backquotes(text: str) -> tuple[str, dict[str, str]]:
    """The text with a plain word in place of every name in backquotes, and what the words stand for."""
    quoted: dict[str, str] = {}

    def word(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        placeholder = _PLACEHOLDER.format(len(quoted))
        quoted[placeholder] = match[1]
        return placeholder

    return _QUOTED.sub(word, text), quoted


def _check(tree: ast.expr, expression: str) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(MOST_DEPTH):
        for node in level:
            _check_node(node, expression)
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        raise ValueError(f"a constraint is nested at most {MOST_DEPTH} deep")
    if not any(isinstance(node, ast.Name) for node in ast.walk(tree)):
        raise ValueError(f"{expression!r} names no hyperparameter")
    if not _is_statement(tree):
        raise ValueError(f"{expression!r} compares nothing; write one such as 'a <= 2 ** b'")


def _check_node(node: ast.AST, expression: str) -> None:
    if not isinstance(node, _ALLOWED):
        what = _FORBIDDEN.get(type(node), type(node).__name__)
        raise ValueError(f"{expression!r}: {what} is not allowed in a constraint")
    if isinstance(node, ast.Constant) and not isinstance(node.value, int | float | str):
        raise ValueError(f"{expression!r}: {node.value!r} is not allowed in a constraint")


def _is_statement(node: ast.expr) -> bool:
    """Whether the tree is true or false of a configuration: it compares, or joins what does."""
    match node:
        case ast.BoolOp(values=values):
            return all(isinstance(value, ast.Name) or _is_statement(value) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return isinstance(operand, ast.Name) or _is_statement(operand)
        case _:
            return isinstance(node, ast.Compare)


class Statement(NamedTuple):
    """A constraint that has been parsed, for whoever asks it more than once.

    Attributes:
        text: As it was written.
        tree: As it was parsed.
        names: The parameters that it speaks of.
    """

    text: str
    tree: ast.expr
    names: frozenset[str]

    def holds(self, config: Mapping[str, Value]) -> bool:
        """Whether a configuration keeps it; one that lacks a parameter, or sets it to None, does."""
        if any(config.get(name) is None for name in self.names):
            return True
        try:
            return bool(_value(self.tree, config))
        except (TypeError, ZeroDivisionError, OverflowError):
            return False

    def speaks_of(self, name: str, value: Value) -> bool:
        """Whether it compares the parameter with the value itself; of odd ones such as -1, with any not above 0."""
        below = is_number(value) and float(value or 0) <= 0
        return any(
            same(other, value) or (below and is_number(other) and float(other or 0) <= 0)
            for other in self._compared(name)
        )

    def constants(self) -> tuple[Value, ...]:
        """The numbers and words in it."""
        return tuple(_constant(node) for node in ast.walk(self.tree) if isinstance(node, ast.Constant))

    def _compared(self, name: str) -> Iterator[Value]:
        """What stands right beside the parameter in a comparison."""
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Compare):
                continue
            for sides in pairwise((node.left, *node.comparators)):
                for one, other in (sides, sides[::-1]):
                    if isinstance(one, ast.Name) and one.id == name and not _names(other):
                        yield _constant(other)


def statement(expression: str) -> Statement:
    """The constraint, parsed.

    Raises:
        ValueError: As ``parsed`` does.
    """
    tree = parsed(expression)
    return Statement(text=expression, tree=tree, names=_names(tree))


def _names(tree: ast.expr) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _constant(tree: ast.expr) -> Value:
    """The value of a tree without names, or None where it has none."""
    try:
        value = _value(tree, {})
    except (TypeError, ZeroDivisionError, OverflowError):
        return None
    return value if isinstance(value, bool | int | float | str) else None


def names(expression: str) -> frozenset[str]:
    """The parameters that a constraint speaks of."""
    return statement(expression).names


def holds(expression: str, config: Mapping[str, Value]) -> bool:
    """Whether a configuration keeps the constraint; one that lacks a parameter, or sets it to None, does."""
    return statement(expression).holds(config)


def renamed(expression: str, own_names: Mapping[str, str]) -> str:
    """The constraint with parameters called by other names, in backquotes where they need them."""
    tree = parsed(expression)
    quoted: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            name = own_names.get(node.id, node.id)
            plain = name.isascii() and name.isidentifier() and not keyword.iskeyword(name)
            node.id = name if plain else quoted.setdefault(name, _PLACEHOLDER.format(len(quoted)))
    text = ast.unparse(tree)
    for name, placeholder in quoted.items():
        text = text.replace(placeholder, f"`{name}`")
    return text


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
