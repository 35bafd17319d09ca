"""A plan as a person reads it in a terminal: what it says in a few lines, then a table for each stage."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from advisor.effects import shown
from advisor.model import Values
from advisor.plan import OPENING, Held, Plan, Searched, Stage
from advisor.space import Value, same, shown_condition, shown_value
from advisor.words import counted

WIDTH: Final = 80
"""Columns where the terminal does not say how many it has."""
_COLOURS: Final = {"bold": "1", "dim": "2", "critical": "1;31", "important": "33", "minor": "36", "fixed": "2"}


class Style(NamedTuple):
    """How wide, and whether in colour."""

    width: int = WIDTH
    colour: bool = False

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour, or as it is."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colour else text

    def wrapped(self, text: str, indent: str = "", hanging: str | None = None) -> Iterator[str]:
        """The text in lines of at most the width, but for a word or a link that is longer by itself."""
        yield from textwrap.wrap(
            text,
            max(self.width, 40),
            initial_indent=indent,
            subsequent_indent=indent if hanging is None else hanging,
            break_on_hyphens=False,
            break_long_words=False,
        ) or [indent.rstrip()]


def rendered(plan: Plan, style: Style | None = None) -> str:
    """The plan as text."""
    return "\n".join(_lines(plan, style or Style())) + "\n"


def wrapped(text: str, style: Style | None = None) -> str:
    """Text of indented lines, each in as many as the width needs, what follows standing further in."""
    style = style or Style()
    lines: list[str] = []
    for line in text.splitlines():
        content = line.lstrip(" ").removeprefix("- ")
        indent = line.removesuffix(content)
        lines += style.wrapped(content, indent, " " * (len(indent) + (0 if indent.endswith("- ") else 4)))
    return "\n".join(lines) + "\n"


def figure(value: Value) -> str:
    """The value in three digits where it is no whole number."""
    return f"{value:.3g}" if isinstance(value, float) else shown_value(value)


def shortened(names: Sequence[str], width: int) -> list[str]:
    """The names, the middle left out of those that are longer than the width, so that none looks like another."""
    heads = sorted(range(3, max(width - 3, 4)), key=lambda head: abs(head - width // 2))
    found = [[_cut(name, width, head) for name in names] for head in heads]
    return next((labels for labels in found if len(set(labels)) == len(set(names))), found[0])


def _cut(name: str, width: int, head: int) -> str:
    return name if len(name) <= width else f"{name[:head]}…{name[len(name) - (width - 1 - head) :]}"


def _lines(plan: Plan, style: Style) -> Iterator[str]:
    yield from _head(plan, style)
    for stage in plan.stages:
        yield ""
        yield from _stage(plan, stage, style)
    yield from _left_out(plan, style)
    yield ""
    yield from _rest(plan, style)


_AT_THE_TOP: Final = frozenset({"spec", "budget", "trials-when-not-given", "staging"})
"""Whose notes come first: what was made of the person's own words, which they should see before anything else."""


def _head(plan: Plan, style: Style) -> Iterator[str]:
    trials, stages = counted(plan.budget.trials, "trial"), counted(len(plan.stages), "stage")
    model = plan.spec.estimator or plan.spec.family
    name = "" if plan.spec.name == plan.spec.family else f"{plan.spec.name}: "
    title = f"{name}{model}, {trials} in {stages}, {plan.objective.direction} {plan.objective.metric}"
    yield from (style.paint(line, "bold") for line in style.wrapped(title))
    yield from style.wrapped(plan.bar.note)
    for note in first_notes(plan):
        yield from style.wrapped(note, "", "  ")


def first_notes(plan: Plan) -> list[str]:
    """What was known, and what was made of the person's own words."""
    known = ", ".join(f"{name} {shown_value(value)}" for name, value in plan.spec.facts.items())
    said = [f"Note: {note.text}" for note in plan.notes if note.by in _AT_THE_TOP]
    return [*([f"Known: {known}."] if known else []), *said]


def _stage(plan: Plan, stage: Stage, style: Style) -> Iterator[str]:
    sampler = f"{stage.sampler.name}, {counted(stage.sampler.startup, 'start-up trial')}, seed {stage.sampler.seed}"
    yield style.paint(f"Stage {stage.id}: {stage.name}", "bold") + f"  {counted(stage.trials, 'trial')}  ({sampler})"
    if more := sampling(stage):
        yield from style.wrapped(f"sampler  {more}", "  ", " " * 11)
    if stage.search:
        yield from _table(plan, stage, style)
    new = [name for name in stage.fixed if _is_worth_showing(plan, stage, name)]
    if new:
        held = ", ".join(f"{name} {shown_value(stage.fixed[name].value)}" for name in new)
        yield from style.wrapped(f"holds  {held}", "  ", " " * 9)
    for number, point in enumerate(stage.start, 1):
        yield from style.wrapped(f"first  {number}. {start(stage, number - 1, point)}", "  ", " " * 12)
    if stage.narrow.follows:
        yield from style.wrapped(f"ranges {narrowing(stage)}", "  ", " " * 9)
    for reason in stage.why:
        yield from style.wrapped(f"why    {reason}", "  ", " " * 9)


def start(stage: Stage, index: int, point: Values) -> str:
    """A configuration to evaluate first: its reason, and where it differs from what the stage holds."""
    reason = f"{stage.start_why[index].why} " if stage.start_why else ""
    said = [
        f"{name} {shown_value(value)}"
        for name, value in point.items()
        if name in stage.search or name not in stage.fixed or not same(stage.fixed[name].value, value)
    ]
    return f"{reason}({', '.join(said)})" if said else reason.rstrip()


def sampling(stage: Stage) -> str:
    """What is special about how the trials of a stage are proposed, in words; empty if nothing is."""
    asked = stage.sampler
    parts = ["proposes every parameter, whatever its condition"] if asked.joint else []
    parts += ["takes the worse half of the trials as equal"] if asked.winsorized else []
    parts += [f"leaves one trial of {asked.tpe_every} to tpe"] if asked.tpe_every else []
    return "; ".join(parts)


def narrowing(stage: Stage) -> str:
    """How the ranges of a stage follow from the one before, in words."""
    rule, parts = stage.narrow, []
    still = [name for name in rule.open or () if name in stage.search]
    if rule.keep is not None:
        text = f"{rule.keep * 100:g} % of each, around what was good"
        text += f", after at least {counted(rule.at_least or 1, 'trial')}"
        parts.append(text + (", opening where the good lie at an edge" if rule.extend_at_edge else ""))
        parts += [f"not narrowed: {', '.join(still)}"] if still else []
    if rule.edge is not None:
        near = f"within {rule.edge * 100:g} % of which one of the best {OPENING} trials lies"
        parts.append(f"one that is wider here opens only at an end {near}")
    return f"follow from stage {rule.from_}: {'; '.join(parts)}"


def _is_worth_showing(plan: Plan, stage: Stage, name: str) -> bool:
    """Whether a held parameter belongs in the short view: where it has an effect and is not said already."""
    held = stage.fixed[name]
    if held.active is False:
        return False
    before = plan.stages[stage.id - 2].fixed.get(name) if stage.id > 1 else None
    return before is None or before.value != held.value


def _table(plan: Plan, stage: Stage, style: Style) -> Iterator[str]:
    """A row for each parameter; the reason follows where a parameter is searched for the first time."""
    rows = [
        (name, shown(s.domain), "" if s.default is None else shown_value(s.default), s.tier)
        for name, s in stage.search.items()
    ]
    head = ("searches", "where", "starts at", "tier")
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    yield "  " + style.paint("  ".join(title.ljust(widths[i]) for i, title in enumerate(head)).rstrip(), "dim")
    before = {name for earlier in plan.stages[: stage.id - 1] for name in earlier.search}
    for *cells, tier in rows:
        line = "  ".join(cell.ljust(widths[i]) for i, cell in enumerate(cells))
        yield f"  {line}  {style.paint(tier, tier)}"
        if cells[0] not in before:
            yield from style.wrapped(_reason(stage.search[cells[0]]), " " * 6)


def _reason(searched: Searched) -> str:
    """The last reason: that of the rule or of the person, where one spoke; else the family's."""
    why = searched.why[-1] if searched.why else ""
    if searched.when:
        why = f"(only where {shown_condition(searched.when)}) {why}"
    return why


def _left_out(plan: Plan, style: Style) -> Iterator[str]:
    """What could be searched and is not, and why."""
    last = plan.stages[-1]
    left = [(name, held) for name, held in last.fixed.items() if _is_left_out(held)]
    if left:
        yield ""
        yield style.paint("Not searched, for want of trials", "bold")
        yield from style.wrapped(", ".join(f"{name} {shown_value(held.value)}" for name, held in left), "  ")
        yield from style.wrapped(left[0][1].why[0], "  ")


def _is_left_out(held: Held) -> bool:
    return any(reason.startswith("what-a-budget-carries") for reason in held.why)


def _rest(plan: Plan, style: Style) -> Iterator[str]:
    for title, lines in sections(plan):
        yield style.paint(title, "bold")
        for line in lines:
            yield from style.wrapped(f"- {line}", "  ", "    ")
    yield from style.wrapped("advisor explain PLAN NAME says why, and according to whom (write the plan with -o PLAN).")


def sections(plan: Plan) -> list[tuple[str, Sequence[str]]]:
    """What stands below the stages, under its title."""
    waits: dict[str, list[str]] = {}
    for waiting in plan.waits_for:
        waits.setdefault(waiting.fact, []).append(waiting.rule)
    found: list[tuple[str, Sequence[str]]] = [
        ("Early stopping", [_pruning(plan)]),
        ("Keep", [f"{constraint.expression}: {constraint.why}" for constraint in plan.constraints]),
        ("Confirm", [_confirmation(plan)] if plan.confirm else []),
        ("Notes", [note.text for note in plan.notes if note.by not in _AT_THE_TOP]),
        ("Interactions", _interactions(plan)),
        ("Tell me more, and these may speak", [f"{fact}: {', '.join(rules)}" for fact, rules in waits.items()]),
    ]
    return [(title, lines) for title, lines in found if lines]


def _interactions(plan: Plan) -> list[str]:
    """What is known of searched parameters together, beyond what stages and constraints already follow."""
    searched = {name for stage in plan.stages for name in stage.search}
    return [
        f"{', '.join(each.parameters)}: {each.because}"
        for each in plan.interactions
        if each.advice == "note" and searched.issuperset(each.parameters)
    ]


def _pruning(plan: Plan) -> str:
    pruning = plan.pruning
    if not pruning.advised:
        return f"not advised. {pruning.why}"
    step = f" (step {pruning.from_step})" if pruning.from_step else ""
    share = f"{(pruning.least_share or 0) * 100:g} %"
    return f"{pruning.method}, on {pruning.on}, not before {share} of a trial{step}. {pruning.why}"


def _confirmation(plan: Plan) -> str:
    assert plan.confirm is not None  # noqa: S101 - asked only then
    return f"the best {plan.confirm.finalists}, {counted(plan.confirm.repeats, 'time')} each. {plan.confirm.why}"
