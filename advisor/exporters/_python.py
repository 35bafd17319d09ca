"""Python as formatters write it: values, calls, tables and remarks in lines that fit."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence

from advisor.space import Value

WIDTH = 120


def literal(value: Value) -> str:
    """A value."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return repr(value).replace("e+", "e") if math.isfinite(value) else f'float("{value}")'
    return repr(value)


def quoted(text: str) -> str:
    """A word, in double quotes unless single ones need fewer escapes."""
    double = json.dumps(text, ensure_ascii=False)
    if text.count('"') <= text.count("'"):
        return double
    return "'" + double[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def listed(values: Sequence[Value]) -> str:
    """A list, in one line."""
    return f"[{', '.join(map(literal, values))}]"


def several(values: Sequence[Value]) -> str:
    """A tuple, in one line."""
    return f"({', '.join(map(literal, values))}{',' if len(values) == 1 else ''})"


def mapping(values: Mapping[str, Value]) -> str:
    """A dict, in one line."""
    return "{" + ", ".join(f"{quoted(name)}: {literal(value)}" for name, value in values.items()) + "}"


def call(opening: str, arguments: Sequence[str], closing: str, indent: str = "") -> str:
    """A statement with arguments in one line where it fits, else with one argument a line."""
    line = f"{indent}{opening}{', '.join(arguments)}{closing}"
    if len(line) <= WIDTH:
        return f"{line}\n"
    lines = [f"{indent}    {argument},\n" for argument in arguments]
    if any(len(one) > WIDTH for one in (indent + opening, *lines)):
        return f"{line}  # fmt: skip\n"
    return f"{indent}{opening}\n{''.join(lines)}{indent}{closing}\n"


def table(opening: str, lines: Sequence[str], closing: str) -> str:
    """A dict or list with one line an entry; formatters leave it alone where a line is too long."""
    if not lines:
        return f"{opening}{closing}\n"
    inside = "".join(f"    {line}\n" for line in lines)
    text = f"{opening}\n{inside}{closing}\n"
    return f"# fmt: off\n{text}# fmt: on\n" if any(len(line) + 4 > WIDTH for line in lines) else text


def assigned(name: str, entries: Mapping[str, str], indent: str = "") -> str:
    """A dict under a name, one line an entry, of values that no formatter breaks."""
    if not entries:
        return f"{indent}{name} = {{}}\n"
    lines = "".join(f"{indent}    {quoted(key)}: {value},\n" for key, value in entries.items())
    return f"{indent}{name} = {{\n{lines}{indent}}}\n"


def remark(text: str, indent: str = "") -> str:
    """A comment in lines that fit; nothing for no text."""
    lines = textwrap.wrap(
        text, WIDTH - len(indent), initial_indent="# ", subsequent_indent="# ", break_long_words=False
    )
    return "".join(f"{indent}{line}\n" for line in lines)


def element(opening: str, arguments: Sequence[str], closing: str) -> str:
    """A call inside brackets, in one line where it fits, else with one argument a line."""
    line = f"    {opening}{', '.join(arguments)}{closing},\n"
    if len(line) <= WIDTH + 1 or not arguments:
        return line
    inside = "".join(f"        {argument},\n" for argument in arguments)
    return f"    {opening}\n{inside}    {closing},\n"


def bracketed(opening: str, elements: str, closing: str) -> str:
    """Elements between brackets; formatters leave it alone where a line is too long."""
    if not elements:
        return f"{opening}{closing}\n"
    text = f"{opening}\n{elements}{closing}\n"
    return f"# fmt: off\n{text}# fmt: on\n" if any(len(line) > WIDTH for line in elements.splitlines()) else text


def stub(metric: str) -> str:
    """The objective of a module, for a person to replace; run as it is, it says so."""
    task = f"replace objective(config): train with config and return {metric}"
    told = quoted(task if len(task) < WIDTH - 30 else task.rpartition(" and ")[0])
    first = 'def objective(config: dict) -> float:\n    """Train with the configuration and return the score."""\n'
    return f"{first}    raise NotImplementedError({told})\n"
