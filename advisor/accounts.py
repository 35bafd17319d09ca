"""What a plan accounts for beside its stages: the bar, constraints, pruning, notes, rules, evidence and sources."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Literal

from advisor import facts
from advisor.decided import Decided
from advisor.effects import parameters_of
from advisor.knowledge import JUDGEMENT, Fidelity, Rule, Source
from advisor.plan import (
    Bar,
    Confirmation,
    Evidence,
    Plan,
    PlanNote,
    Pruning,
    RuleRecord,
    Stage,
    WaitingRule,
)
from advisor.space import is_number, same, shown_value

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
    moved = [
        f"{c.name} {shown_value(decided.library_default(c))} -> {shown_value(default[c.name])}"
        for c in decided.candidates
        if c.known and not decided.is_held_by_person(c) and not same(decided.library_default(c), default[c.name])
    ]
    note = "The library's default is trial 0 and the bar to beat."
    if moved:
        note += f" Where a range cannot hold it, the nearest value stands for it: {', '.join(moved)}."
    return Bar.model_construct(library_default=True, note=note)


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
    noisy = decided.knowledge.regimes(decided.facts)["noisy"]
    if not noisy.holds and not decided.spec.objective.noise:
        return None
    policy = decided.knowledge.shared.policies["confirmation"]
    return Confirmation.model_construct(
        finalists=int(min(policy.values["finalists"], decided.trials)),
        repeats=int(policy.values["repeats"]),
        why=f"confirmation: {policy.because}",
    )


def notes(decided: Decided, stages: tuple[Stage, ...]) -> tuple[PlanNote, ...]:
    """What to know before the search begins."""
    notes = [PlanNote.model_construct(text=text, by="spec") for text in decided.notes]
    if decided.estimator is not None and not _says_which(decided):
        notes.append(
            PlanNote.model_construct(text=f"model.task is not given; {decided.estimator.name} is assumed.", by="spec")
        )
    notes += [PlanNote.model_construct(text=text, by="staging") for text in decided.division.notes]
    if "derived.trials" not in decided.facts:
        policy = decided.knowledge.shared.policies["trials-when-not-given"]
        notes.append(PlanNote.model_construct(text=policy.because, by="trials-when-not-given", sources=policy.sources))
    if (decided.spec.budget.parallel or 1) > decided.parallel:
        text = f"{_counted(decided.trials)} cannot keep {decided.spec.budget.parallel} places busy; so many are used."
        notes.append(PlanNote.model_construct(text=text, by="budget"))
    asked, fit = decided.facts.get("budget.trials"), decided.facts.get("derived.trials_affordable")
    if isinstance(asked, int) and isinstance(fit, float) and fit < asked:
        notes.append(
            PlanNote.model_construct(
                text=f"Only {decided.trials} of {asked} trials fit into the hours; the plan has that many.",
                by="budget",
            )
        )
    if decided.spec.data.profile is not None and decided.spec.data.rows is None:
        notes.append(
            PlanNote.model_construct(text="data.profile was not read; load the spec with load_spec.", by="spec")
        )
    notes += [
        PlanNote.model_construct(text=text, by=firing.rule, sources=firing.sources)
        for text, firing in decided.outcome.notes
    ]
    notes += [
        PlanNote.model_construct(text=note.text, by=decided.knowledge.family.family, sources=note.sources)
        for note in decided.knowledge.family.notes
    ]
    notes += _dead(decided, stages)
    return tuple(notes)


def _counted(trials: int) -> str:
    return f"{trials} trial{'' if trials == 1 else 's'}"


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
    shared = ("because", "usual", "departs", "tier", "tunability", "variance", "disputed", "sources", "confidence")
    return {
        c.name: Evidence.model_construct(
            default=decided.library_default(c), **{field: getattr(known[c.canonical], field) for field in shared}
        )
        for c in decided.candidates
        if c.known
    }


def sources(decided: Decided, found: Plan) -> dict[str, Source]:
    """The sources that the plan cites, and no others."""
    groups: list[Iterable[str]] = [
        *(e.sources for e in found.evidence.values()),
        *(d.sources for e in found.evidence.values() for d in e.disputed),
        *((e.tunability.source,) for e in found.evidence.values() if e.tunability),
        *((e.variance.source,) for e in found.evidence.values() if e.variance),
        *(searched.sources for stage in found.stages for searched in stage.search.values()),
        *(held.sources for stage in found.stages for held in stage.fixed.values()),
        *(reason.sources for stage in found.stages for reason in stage.start_why),
        *(record.sources for record in (*found.fired, *found.silent)),
        *(note.sources for note in found.notes),
        *(constraint.sources for constraint in found.constraints),
        found.pruning.sources,
    ]
    known = decided.knowledge.sources
    used = {source for group in groups for source in group if source != JUDGEMENT}
    return {name: known[name] for name in sorted(used) if name in known}
