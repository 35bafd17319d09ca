"""Modules in which an engine draws everything and the text makes a configuration of what was drawn.

Words stand for values that the engine cannot hold, what is held is added, and what has no effect is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from advisor.exporters._python import literal, quoted, several, table
from advisor.exporters._writing import effective, needs, short_grid
from advisor.plan import Held, Searched, Stage
from advisor.space import Choice, Numeric, Value, is_single, middle, same

CONFIG: Final = '''
def config(drawn):
    """What has an effect of what was drawn, and what is held."""
    known = {name: WORDS.get(name, {}).get(value, value) for name, value in drawn.items()} | HELD
    return {name: value for name, value in known.items() if has_effect(name, known)}


def has_effect(name, known):
    """Whether others have values beside which a setting has an effect."""
    wanted = CONDITIONS.get(name, {}).items()
    return all(repr(known[parent]) in map(repr, values) for parent, values in wanted)
'''


def drawn(stage: Stage) -> dict[str, Searched]:
    """What is searched, can have an effect and has more than one value."""
    found = stage.search.items()
    return {name: one for name, one in found if needs(stage, name) is not None and not is_single(one.domain)}


def written(domain: Choice | Numeric) -> Sequence[Value] | None:
    """The values that are written one by one; None for a range."""
    return domain.choices if isinstance(domain, Choice) else short_grid(domain)


def needs_words(domain: Choice | Numeric) -> bool:
    """Whether choices are of several types, or None."""
    return isinstance(domain, Choice) and (None in domain.choices or len(set(map(type, domain.choices))) > 1)


def word(domain: Choice | Numeric, value: Value) -> Value:
    """What the engine calls a value of the domain."""
    if needs_words(domain):
        return literal(value)
    if isinstance(domain, Choice):
        return value
    values = written(domain)
    if values is None:
        return int(value or 0) if domain.integer else float(value or 0)
    return min(values, key=lambda one: abs(float(one or 0) - float(value or 0)))


def tables(stage: Stage) -> Iterator[str]:
    """What words stand for, what is held, and conditions."""
    words = [
        f"{quoted(name)}: {{{', '.join(f'{quoted(literal(one))}: {literal(one)}' for one in searched.choices or ())}}},"
        for name, searched in drawn(stage).items()
        if needs_words(searched.domain)
    ]
    yield _noted("What a word stands for in place of a value.", "WORDS", words)
    active = effective(stage)
    held = {name: _only(entry) for name, entry in active.items() if name not in drawn(stage)}
    yield _noted("What is not searched.", "HELD", [f"{quoted(n)}: {literal(value)}," for n, value in held.items()])
    conditions = [f"{quoted(name)}: {_condition(stage, name)}," for name in active if needs(stage, name)]
    yield _noted("Values of others beside which a setting has an effect.", "CONDITIONS", conditions)


def _noted(note: str, name: str, lines: Sequence[str]) -> str:
    return f"# {note}\n{table(f'{name} = {{', lines, '}')}" if lines else f"{name} = {{}}\n"


def _only(entry: Searched | Held) -> Value:
    return entry.value if isinstance(entry, Held) else middle(entry.domain)


def _condition(stage: Stage, name: str) -> str:
    wanted = {parent: _spelled(stage, parent, values) for parent, values in (needs(stage, name) or {}).items()}
    return f"{{{', '.join(f'{quoted(parent)}: {several(values)}' for parent, values in wanted.items())}}}"


def _spelled(stage: Stage, parent: str, values: Sequence[Value]) -> list[Value]:
    """The values as a configuration has them."""
    domain = stage.search[parent].domain
    if isinstance(domain, Choice):
        return [one for one in domain.choices if any(same(one, value) for value in values)]
    return [middle(domain) if is_single(domain) else word(domain, value) for value in values]
