"""What a command answers: in which form, how wide, in colour or not, printed or in a file."""
# ruff: noqa: PLC0415 - a form is imported when it is asked for

from __future__ import annotations

import os
import sys
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from advisor.errors import InvalidFile, Problem

if TYPE_CHECKING:
    from advisor.plan import Plan
    from advisor.terminal import Style

_ENDINGS = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".md": "markdown", ".txt": "text"}


def format_of(output: FilePath | None) -> str:
    """The form of a plan that the ending of a file asks for; text where it is printed."""
    return "text" if output is None else _ENDINGS.get(output.suffix.lower(), "yaml")


def plan_as(found: Plan, form: str, style: Style | None) -> str:
    """A plan as text, YAML, JSON or Markdown."""
    if form == "json":
        import json

        return json.dumps(found.to_data(), indent=2, ensure_ascii=False) + "\n"
    if form == "yaml":
        from advisor import yamlio

        return yamlio.dump(found.to_data())
    if form == "markdown":
        from advisor import markdown

        return markdown.rendered(found)
    from advisor import terminal

    return terminal.rendered(found, style)


def style() -> Style:
    """Colour and width of the terminal; 80 columns and none where there is no terminal."""
    from advisor.terminal import WIDTH, Style

    if not sys.stdout.isatty():
        return Style()
    import shutil

    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Style(width=min(shutil.get_terminal_size((WIDTH, 24)).columns, 120), colour=colour)


def write(path: FilePath, text: str) -> None:
    """Write a file.

    Raises:
        InvalidFile: It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InvalidFile([Problem(sentence=f"{path} cannot be written: {error.strerror}")]) from error
