"""A plan as Markdown, for a pull request or a lab book."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.effects import shown
from advisor.explanation import citation
from advisor.plan import Plan, Stage
from advisor.space import shown_value
from advisor.terminal import first_notes, narrowing, sampling, sections, start
from advisor.words import counted


def rendered(plan: Plan) -> str:
    """The plan as Markdown."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    model = plan.spec.estimator or plan.spec.family
    yield f"# Search plan: {_escaped(plan.spec.name)}"
    yield ""
    yield (
        f"`{model}`, {counted(plan.budget.trials, 'trial')} in {counted(len(plan.stages), 'stage')}, "
        f"{plan.objective.direction} `{plan.objective.metric}`. {_escaped(plan.bar.note)}"
    )
    yield from ("", *(f"- {_escaped(note)}" for note in first_notes(plan)))
    for stage in plan.stages:
        yield from _stage(stage)
    for title, lines in sections(plan):
        yield from ("", f"## {title}", "")
        yield from (f"- {_escaped(line)}" for line in lines)
    yield from ("", "## Sources", "")
    yield from (f"- `{key}`: {_escaped(citation(source))}" for key, source in plan.sources.items())


def _stage(stage: Stage) -> Iterator[str]:
    yield from ("", f"## Stage {stage.id}: {stage.name} ({counted(stage.trials, 'trial')})", "")
    if stage.search:
        yield "| parameter | where | starts at | tier | why | sources |"
        yield "| --- | --- | --- | --- | --- | --- |"
    for name, searched in stage.search.items():
        cells = (
            f"`{name}`",
            _escaped(shown(searched.domain)),
            shown_value(searched.default),
            searched.tier,
            _escaped(" ".join(searched.why)),
            ", ".join(searched.sources),
        )
        yield "| " + " | ".join(cells) + " |"
    if stage.start:
        yield from ("", "Evaluated first:", "")
        yield from (f"{n}. {_escaped(start(stage, n - 1, point))}" for n, point in enumerate(stage.start, 1))
    active = [f"`{name}` {shown_value(held.value)}" for name, held in stage.fixed.items() if held.active is not False]
    lines = [f"Held: {', '.join(active)}."] if active else []
    if stage.narrow.follows:
        lines.append(f"Ranges {narrowing(stage)}.")
    special = f"; it {more}" if (more := sampling(stage)) else ""
    lines.append(f"Sampler: {stage.sampler.name}, {counted(stage.sampler.startup, 'start-up trial')}{special}.")
    yield from ("", " ".join([*lines, *(_escaped(reason) for reason in stage.why)]))


def _escaped(text: str) -> str:
    """The text with what Markdown would take for a table or for markup made harmless."""
    for character in "\\|*_<>`":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
