"""Why a plan says what it says, and according to whom: of a parameter, of a rule, of a source, or of everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from advisor.constraints import names
from advisor.effects import shown
from advisor.errors import UnknownName
from advisor.knowledge import JUDGEMENT, Source
from advisor.plan import Held, Plan, Searched
from advisor.record import Evidence, PlanInteraction, RuleRecord
from advisor.space import shown_condition, shown_value
from advisor.words import counted


def explain(plan: Plan, name: str | None = None) -> str:
    """The reasons, as text in lines.

    Args:
        plan: The plan; nothing else is looked at.
        name: A parameter by any name that the plan knows, a rule, or a source; everything if left out.

    Raises:
        UnknownName: The plan speaks of nothing with that name.
    """
    if name is None:
        return "\n".join(_of_everything(plan))
    if (parameter := _parameter_named(plan, name)) is not None:
        return "\n".join(_of_parameter(plan, parameter))
    rules = {*(record.rule for record in (*plan.fired, *plan.silent)), *(waiting.rule for waiting in plan.waits_for)}
    if name in rules:
        return "\n".join(_of_rule(plan, name))
    if name in plan.sources:
        return "\n".join(_of_source(plan, name))
    raise UnknownName("parameter, rule or source of this plan", name, {*plan.parameters, *rules, *plan.sources})


def _parameter_named(plan: Plan, name: str) -> str | None:
    if name in plan.parameters:
        return name
    for own in plan.parameters:
        _, entry = _entry(plan, own)
        known = plan.evidence.get(own)
        if name in {entry.is_, entry.argument, *(known.aliases if known else ())}:
            return own
    return None


def _entry(plan: Plan, parameter: str) -> tuple[int | None, Searched | Held]:
    """The first stage that searches a parameter, with its entry there; else no stage, and the entry that holds it."""
    for stage in plan.stages:
        if parameter in stage.search:
            return stage.id, stage.search[parameter]
    return None, next(stage.fixed[parameter] for stage in plan.stages if parameter in stage.fixed)


def _of_parameter(plan: Plan, name: str) -> Iterator[str]:
    stage, entry = _entry(plan, name)
    others = [f"{word} {other}" for word, other in (("is", entry.is_), ("argument", entry.argument)) if other]
    yield name + (f" ({', '.join(others)})" if others else "")
    if isinstance(entry, Searched):
        yield f"  searched from stage {stage}: {shown(entry.domain)}, starting at {shown_value(entry.default)}"
        if entry.when:
            yield f"  only where {shown_condition(entry.when)}"
    else:
        effect = ", without effect" if entry.active is False else ""
        has = [each.id for each in plan.stages if name in each.fixed]
        where = "in every stage" if len(has) == len(plan.stages) else f"from stage {has[0]}"
        yield f"  held at {shown_value(entry.value)} {where}{effect}"
    yield from _listed("why", entry.why)
    evidence = plan.evidence.get(name)
    if evidence is not None:
        yield from _of_evidence(evidence, entry)
    yield from _of_its_rules(plan, name)
    kept = (constraint for constraint in plan.constraints if name in names(constraint.expression))
    yield from _listed("kept with", (f"{constraint.expression}: {constraint.why}" for constraint in kept))
    related = [each for each in plan.interactions if name in each.parameters]
    yield from _listed("interacts with", (_interaction_line(each, name) for each in related))
    cited = [*entry.sources, *(evidence.sources if evidence else ())]
    if evidence is not None:
        cited += [figure.source for figure in (evidence.tunability, evidence.variance) if figure]
        cited += [source for dispute in evidence.disputed for source in dispute.sources]
    cited += [source for each in related for source in each.sources]
    yield from _according_to(plan, cited)


def _interaction_line(interaction: PlanInteraction, name: str) -> str:
    others = ", ".join(other for other in interaction.parameters if other != name)
    share = "" if interaction.share is None else f", {interaction.share * 100:g} % of the variance"
    said = f"{interaction.kind}{share}, {interaction.advice}, confidence: {interaction.confidence}"
    return f"{others}: {interaction.because} ({said})"


def _of_evidence(evidence: Evidence, entry: Searched | Held) -> Iterator[str]:
    here = f", {entry.tier} here" if entry.tier not in {None, evidence.tier} else ""
    usual = "" if evidence.usual is None else f"; usually taught: {evidence.usual}"
    yield f"  tier: {evidence.tier}{here}{usual} (confidence: {evidence.confidence})"
    if evidence.departs:
        yield f"    departs because: {evidence.departs}"
    yield f"  the library's default: {shown_value(evidence.default)}"
    if (worth := evidence.tunability) is not None:
        over = f" over {worth.datasets} data sets" if worth.datasets else ""
        yield f"  worth tuning alone, from a good default: {worth.gain:g} {worth.unit}{over} [{worth.source}]"
    if (spread := evidence.variance) is not None:
        over = f" over {spread.datasets} data sets" if spread.datasets else ""
        yield f"  share of the spread over a wide space: {spread.share:g}{over} [{spread.source}]"
    for dispute in evidence.disputed:
        yield f"  disputed: {dispute.about} ({', '.join(dispute.sources)})"
        yield f"    follows {dispute.follows}: {dispute.because}"


def _of_its_rules(plan: Plan, name: str) -> Iterator[str]:
    yield from _listed("rules that apply", (_rule_line(r) for r in plan.fired if name in r.parameters))
    yield from _listed("rules that do not", (_rule_line(r) for r in plan.silent if name in r.parameters))
    yield from _listed("waits for", (f"{w.fact}: {w.rule}" for w in plan.waits_for if name in w.parameters))


def _rule_line(record: RuleRecord) -> str:
    overridden = f"; overridden by {record.overridden_by}" if record.overridden_by else ""
    return f"{record.rule}: {record.applies or 'always'}{overridden}"


def _of_rule(plan: Plan, name: str) -> Iterator[str]:
    for word, records in (("applies", plan.fired), ("does not apply", plan.silent)):
        for record in (r for r in records if r.rule == name):
            yield f"{name} {word}: {record.applies or 'always'}"
            if record.overridden_by:
                yield f"  overridden by {record.overridden_by}"
            yield f"  because: {record.because}"
            if record.unless:
                yield f"  unless: {record.unless}"
            if record.parameters:
                yield f"  speaks of: {', '.join(record.parameters)}"
            yield f"  confidence: {record.confidence}"
            yield from _according_to(plan, record.sources)
    waiting = [record for record in plan.waits_for if record.rule == name]
    if waiting:
        yield f"{name} waits for {', '.join(record.fact for record in waiting)}"
        yield f"  because: {waiting[0].because}"


def _of_source(plan: Plan, name: str) -> Iterator[str]:
    yield from _according_to(plan, [name])
    yield from _listed(
        "cited for", (parameter for parameter, evidence in plan.evidence.items() if name in evidence.sources)
    )
    yield from _listed(
        "cited for the interactions", (", ".join(i.parameters) for i in plan.interactions if name in i.sources)
    )
    yield from _listed("cited by the rules", (r.rule for r in (*plan.fired, *plan.silent) if name in r.sources))


def _of_everything(plan: Plan) -> Iterator[str]:
    yield f"{plan.spec.name}: {counted(plan.budget.trials, 'trial')}, {counted(len(plan.stages), 'stage')}"
    for stage in plan.stages:
        yield from _listed(f"stage {stage.id}, {stage.name}, searches", stage.search)
        yield from _listed(f"stage {stage.id}, {stage.name}, because", stage.why)
    yield from _listed("parameters, and what is usually taught", (_parameter_line(plan, n) for n in plan.parameters))
    yield from _listed("rules that apply", map(_rule_line, plan.fired))
    yield from _listed("rules that do not", map(_rule_line, plan.silent))
    yield from _listed("advice that waits for a fact", (f"{w.fact}: {w.rule}" for w in plan.waits_for))
    yield "Say a name to hear more: advisor explain PLAN NAME"


def _parameter_line(plan: Plan, name: str) -> str:
    searched_from, entry = _entry(plan, name)
    evidence = plan.evidence.get(name)
    usual = f", usually {evidence.usual}" if evidence and evidence.usual and evidence.usual != entry.tier else ""
    where = f"stage {searched_from}" if searched_from else f"held at {shown_value(getattr(entry, 'value', None))}"
    return f"{name}: {entry.tier or 'given'}{usual}; {where}"


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = list(items)
    if lines:
        yield f"  {title}:"
        yield from (f"    - {line}" for line in lines)


def _according_to(plan: Plan, keys: Iterable[str]) -> Iterator[str]:
    lines = []
    for key in dict.fromkeys(keys):
        if key == JUDGEMENT:
            lines.append("judgement: our own reasoning; nobody measured it")
        elif key in plan.sources:
            lines.append(f"{key}: {citation(plan.sources[key])}")
    yield from _listed("according to", lines)


def citation(source: Source) -> str:
    """Who, when, what, where, and how it was read, in one line."""
    year = f" ({source.year})" if source.year else ""
    parts = [f"{source.authors}{year}. {source.title}.", source.venue, source.link, f"[read: {source.read}]"]
    return " ".join(part for part in parts if part)
