"""What a plan accounts for beside its stages: the bar, constraints, pruning, notes, rules, evidence and sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Literal

from advisor import facts
from advisor.decided import Decided
from advisor.effects import parameters_of
from advisor.knowledge import JUDGEMENT, Fidelity, Rule, Source
from advisor.plan import Plan, Stage
from advisor.record import (
    Bar,
    Confirmation,
    Evidence,
    PlanInteraction,
    PlanNote,
    Pruning,
    RuleRecord,
    WaitingRule,
)
from advisor.space import Value, is_number, same, shown_value
from advisor.staging import Draft
from advisor.words import counted

_LONGEST = 10**12
"""Steps of a trial beyond which the length is no count of steps."""


def bar(decided: Decided, first: Stage) -> Bar:
    """What the search has to beat."""
    default = {c.name: decided.at_default(c, first.search) for c in decided.candidates}
    begins = first.start[0] if first.start else {}
    if not begins or any(not same(begins[n], v) for n, v in default.items() if n in begins):
        note = "The library's default breaks a constraint, so trial 0 is not the default."
        if not first.start:
            note += " Nor does any configuration that is known keep the constraints, so the search starts from none."
        return Bar.model_construct(library_default=False, note=note)
    if not any(c.known for c in decided.candidates):
        note = "No parameter of the library is part of the plan; trial 0 is where your own ranges begin."
        return Bar.model_construct(library_default=False, note=note)
    acting, moved = _moved(decided, default)
    note = "The library's default is trial 0 and the bar to beat."
    if moved:
        note = f"Trial 0 is as near to the library's default as the ranges allow: {', '.join(moved)}."
    if acting:
        note += f" Where a range cannot hold a value, one that does the same stands for it: {', '.join(acting)}."
    return Bar.model_construct(library_default=not moved, note=note)


def _moved(decided: Decided, default: Mapping[str, Value]) -> tuple[list[str], list[str]]:
    """What trial 0 sets otherwise than the library: to a value that acts the same, and to the nearest in range."""
    acting: list[str] = []
    moved: list[str] = []
    for c in decided.candidates:
        if not c.known or decided.is_held_by_person(c) or same(decided.library_default(c), default[c.name]):
            continue
        stands_for = decided.knowledge.family.parameters[c.canonical].acts_as is not None
        (acting if stands_for else moved).append(
            f"{c.name} {shown_value(decided.library_default(c))} -> {shown_value(default[c.name])}"
        )
    return acting, moved


def pruning(decided: Decided, stages: tuple[Stage, ...]) -> Pruning:
    """Whether to stop trials early, on what, and from which step."""
    fidelity = decided.knowledge.family.fidelity
    policy = decided.knowledge.shared.policies["pruning"]
    if fidelity is None:
        return Pruning.model_construct(advised=False, why="A trial of this family cannot be judged before it ends.")
    name = decided.own_names.get(fidelity.parameter, fidelity.parameter)
    if any(name in stage.search for stage in stages):
        return Pruning.model_construct(
            advised=False,
            on=name,
            why=f"{name} is searched itself, so trials of different lengths cannot be compared on the way.",
        )
    least = policy.values["trials_from"]
    if decided.trials < least:
        return Pruning.model_construct(
            advised=False,
            on=name,
            why=f"pruning: below {least:g} trials there are too few to compare a running trial with.",
            sources=policy.sources,
        )
    method: Literal["asha", "median"] = "asha" if decided.parallel >= policy.values["asha_from_parallel"] else "median"
    return Pruning.model_construct(
        advised=True,
        on=name,
        method=method,
        least_share=fidelity.least_share,
        from_step=_first_step(decided, fidelity),
        why=f"{fidelity.because} {policy.because} Unit: {fidelity.unit}.",
        sources=tuple(dict.fromkeys((*fidelity.sources, *policy.sources))),
    )


def _first_step(decided: Decided, fidelity: Fidelity) -> int | None:
    """The step from which a trial may be stopped, where the length of a whole trial is known."""
    length = next((c.hold for c in decided.candidates if c.canonical == fidelity.parameter), None)
    if not is_number(length) or not 1 <= float(length or 0) <= _LONGEST:
        return None
    return max(1, ceil(fidelity.least_share * float(length or 0)))


def confirmation(decided: Decided) -> Confirmation | None:
    """How to tell the best trial from the luckiest, where the metric is noisy."""
    if not decided.knowledge.regimes(decided.facts)["noisy"].holds:
        return None
    policy = decided.knowledge.shared.policies["confirmation"]
    return Confirmation.model_construct(
        finalists=int(min(policy.values["finalists"], decided.trials)),
        repeats=int(policy.values["repeats"]),
        why=f"confirmation: {policy.because}",
    )


def notes(decided: Decided, stages: tuple[Stage, ...]) -> tuple[PlanNote, ...]:
    """What to know before the search begins."""
    family = decided.knowledge.family
    of_rules = [(text, firing.rule, firing.sources) for text, firing in decided.outcome.notes]
    of_family = [(note.text, family.family, note.sources) for note in family.notes]
    return (
        *_of_spec(decided),
        *(PlanNote.model_construct(text=text, by="staging") for text in decided.division.notes),
        *_of_budget(decided),
        *(PlanNote.model_construct(text=text, by=by, sources=cited) for text, by, cited in (*of_rules, *of_family)),
        *_dead(decided, stages),
    )


def _of_spec(decided: Decided) -> Iterator[PlanNote]:
    texts = [*decided.notes]
    if decided.estimator is not None and not _says_which(decided):
        texts.append(f"model.task is not given; {decided.estimator.name} is assumed.")
    if decided.spec.data.profile is not None and decided.spec.data.rows is None:
        texts.append("data.profile was not read; load the spec with load_spec.")
    for text in texts:
        yield PlanNote.model_construct(text=text, by="spec")


def _of_budget(decided: Decided) -> Iterator[PlanNote]:
    budget = decided.spec.budget
    if "derived.trials" not in decided.facts:
        policy = decided.knowledge.shared.policies["trials-when-not-given"]
        unused = "The hours say nothing without minutes_per_trial. " if budget.hours is not None else ""
        text = f"{unused}{policy.because}"
        yield PlanNote.model_construct(text=text, by="trials-when-not-given", sources=policy.sources)
    fit = decided.facts.get("derived.trials_affordable")
    has = counted(decided.trials, "trial")
    text = ""
    if isinstance(fit, float) and fit < 1:
        text = "Not one trial fits into the hours; the plan has one."
    elif isinstance(fit, float) and budget.trials is None:
        each = f"{budget.hours:g} hours at {budget.minutes_per_trial:g} minutes each, {budget.parallel or 1} at a time"
        text = f"{has} fit into {each}."
    elif isinstance(fit, float) and budget.trials is not None and fit < budget.trials:
        text = f"Only {decided.trials} of {budget.trials} trials fit into the hours; the plan has that many."
    if text:
        yield PlanNote.model_construct(text=text, by="budget")
    if (budget.parallel or 1) > decided.parallel:
        text = f"{has} cannot keep {budget.parallel} places busy; so many are used."
        yield PlanNote.model_construct(text=text, by="budget")


def _says_which(decided: Decided) -> bool:
    """Whether the spec tells which of the family's estimators is meant, as far as they serve different tasks."""
    told = decided.spec.model.estimator is not None or decided.spec.model.task is not None
    return told or len({estimator.tasks for estimator in decided.knowledge.family.models}) == 1


def _dead(decided: Decided, stages: tuple[Stage, ...]) -> list[PlanNote]:
    """Parameters that the person lists and that never have an effect."""
    return [
        PlanNote.model_construct(text=f"{name} never has an effect in this plan: {held.why[0]}", by="staging")
        for name, held in stages[-1].fixed.items()
        if name in decided.spec.space and held.active is False and held.why
        if not any(name in stage.search for stage in stages)
    ]


def records(decided: Decided, *, holds: bool) -> tuple[RuleRecord, ...]:
    """The rules that apply, or those that do not."""
    return tuple(
        RuleRecord.model_construct(
            rule=rule.id,
            because=rule.because,
            applies=verdict.because or "always",
            unless=rule.unless,
            parameters=_spoken_of(decided, rule),
            sources=rule.sources,
            confidence=rule.confidence,
            overridden_by=decided.outcome.overridden.get(rule.id),
        )
        for rule, verdict in decided.judged
        if verdict.holds is holds
    )


def _spoken_of(decided: Decided, rule: Rule) -> tuple[str, ...]:
    """The parameters of the plan that a rule speaks of, by the plan's names."""
    named = {name for effect in rule.then for name in parameters_of(effect)}
    return tuple(own for canonical, own in decided.own_names.items() if canonical in named)


def waiting(decided: Decided) -> tuple[WaitingRule, ...]:
    """The advice that waits for a fact: rules, and ranges with a bound that depends on one."""
    rules = [
        WaitingRule.model_construct(rule=rule.id, fact=fact, because=rule.because, parameters=_spoken_of(decided, rule))
        for rule, verdict in decided.judged
        if verdict.holds is None
        for fact in _to_give(decided, verdict.missing)
    ]
    ranges = [
        WaitingRule.model_construct(
            rule=f"range of {own}", fact=fact, because="A bound depends on it.", parameters=(own,)
        )
        for name, advice in decided.outcome.advice.items()
        if (own := decided.own_names.get(name, name))
        for fact in _to_give(decided, advice.open_facts)
    ]
    return (*rules, *ranges)


def _to_give(decided: Decided, missing: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fact for name in missing for fact in facts.to_give(name, decided.facts)))


def evidence(decided: Decided) -> dict[str, Evidence]:
    """What is known of each parameter beyond this plan."""
    known = decided.knowledge.family.parameters
    shared = (
        "because",
        "aliases",
        "usual",
        "departs",
        "tier",
        "tunability",
        "variance",
        "disputed",
        "sources",
        "confidence",
    )
    return {
        c.name: Evidence.model_construct(
            default=decided.library_default(c), **{field: getattr(known[c.canonical], field) for field in shared}
        )
        for c in decided.candidates
        if c.known
    }


def interactions(decided: Decided, stages: tuple[Stage, ...]) -> tuple[PlanInteraction, ...]:
    """What the family knows of parameters that depend on each other, where one of them is searched."""
    searched = {name for stage in stages for name in stage.search}
    found: list[PlanInteraction] = []
    for known in decided.knowledge.family.interactions:
        names = tuple(decided.own_names[name] for name in known.parameters if name in decided.own_names)
        if len(names) == len(known.parameters) and searched.intersection(names):
            shared = ("kind", "advice", "because", "share", "sources", "confidence")
            said = {field: getattr(known, field) for field in shared}
            found.append(PlanInteraction.model_construct(parameters=names, **said))
    return tuple(found)


def together(decided: Decided, draft: Draft) -> Iterator[str]:
    """Why parameters join a stage that is not yet that of their own tier: they belong together."""
    groups = [
        *((i.parameters, i.because) for i in decided.knowledge.family.interactions if i.advice == "same-stage"),
        *((parameters, firing.why) for parameters, firing in decided.outcome.together),
    ]
    tiers = draft.name.split(" and ")
    for parameters, because in groups:
        names = {decided.own_names.get(name) for name in parameters} & {*draft.joined}
        joined = [name for name in draft.joined if name in names]
        early = any(decided.by_name[name].tier not in {*tiers, "fixed"} for name in joined)
        if early and len(joined) > 1:
            yield f"searched together: {', '.join(joined)}. {because}"


def sources(decided: Decided, found: Plan) -> dict[str, Source]:
    """The sources that the plan cites, and no others."""
    known = decided.knowledge.sources
    used = {source for _, cited in found.citations() for source in cited if source != JUDGEMENT}
    return {name: known[name] for name in sorted(used) if name in known}
