"""From a spec to a plan: which rules apply, what they change, and how the result is staged and written out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from advisor import binding, candidates, effects, facts, reading, relations, staging, wording, writing
from advisor.binding import Bound
from advisor.conditions import Outcome, evaluate
from advisor.decided import Decided
from advisor.effects import Advice, Firing, parameters_of
from advisor.errors import InvalidFile, Problem
from advisor.facts import TRIALS_PER_PARAMETER, Fact
from advisor.knowledge import Estimator, Rule
from advisor.library import Knowledge
from advisor.plan import Plan
from advisor.spec import MOST_TRIALS, Spec

MOST_SEED: Final = 2**32 - 16
"""Each stage takes the next seed, and samplers take seeds of 32 bits."""


def advise(spec: Spec, *, seed: int = 0) -> Plan:
    """The staged search plan for a spec.

    A pure function of the spec, the knowledge base and the seed: the same inputs give the same plan everywhere.

    Args:
        spec: What is to be tuned, on what, with which budget.
        seed: Seed of the samplers, from 0 to ``MOST_SEED``.

    Raises:
        UnknownName: The knowledge base has no such family or estimator.
        InvalidFile: The spec contradicts itself or the library; every problem at once.
        RuleConflict: Two rules of the knowledge base contradict each other.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MOST_SEED:
        raise InvalidFile([Problem(sentence=f"the seed must be a whole number from 0 to {MOST_SEED}, not {seed!r}")])
    return writing.plan(decide(spec), seed)


def decide(spec: Spec) -> Decided:
    """Everything that is decided about a spec, before it is written out as a plan."""
    shipped = binding.knowledge_for(spec)
    family, worded = wording.worded(spec, shipped.family)
    knowledge = shipped._replace(family=family)
    estimator = binding.estimator_for(spec, family)
    bound = binding.parameters(spec, family, estimator)
    known = _facts(spec, knowledge, estimator, bound)
    judged = _judge(knowledge, known, bound)
    firings = [_firing(rule, verdict) for rule, verdict in judged if verdict.holds]
    outcome = effects.apply(_initial(bound, estimator, known), firings, known, _held(spec, bound))
    collected = candidates.collect(spec, knowledge, estimator, bound, outcome.advice, known)
    own = {b.canonical: b.name for b in bound if b.canonical is not None}
    absent = {n: candidates.library_default(p, estimator) for n, p in family.parameters.items() if n not in own}
    reading.raise_if_any([*collected.problems, *relations.misnamed(spec, family, estimator, bound)])
    related = relations.related(spec, family, estimator, known, collected.candidates, absent)
    reading.raise_if_any([*related.problems])
    policies = {name: policy.values for name, policy in knowledge.shared.policies.items()}
    trials, parallel = _spendable(spec, known, policies)
    together = _together(knowledge, outcome, own)
    division = staging.divide(related.candidates, trials, parallel, together, policies, absent)
    return Decided(
        spec=spec,
        knowledge=knowledge,
        estimator=estimator,
        facts=known,
        judged=judged,
        outcome=outcome,
        candidates=related.candidates,
        notes=(*worded, *collected.notes, *related.notes),
        division=division,
        constraints=related.constraints,
        trials=trials,
        parallel=parallel,
        policies=policies,
        absent=absent,
        own_names=own,
    )


def _initial(bound: tuple[Bound, ...], estimator: Estimator | None, known: facts.Facts) -> dict[str, Advice]:
    """What the family says of each parameter that it knows, before any rule."""
    return {
        b.canonical: candidates.initial_advice(b.parameter, estimator, known)
        for b in bound
        if b.canonical is not None and b.parameter is not None
    }


def _held(spec: Spec, bound: tuple[Bound, ...]) -> frozenset[str]:
    """The parameters, by canonical name, that the spec sets to a value."""
    valued = {name for name, entry in spec.space.items() if "value" in entry.model_fields_set}
    return frozenset(b.canonical for b in bound if b.canonical and (b.name in spec.fixed or b.name in valued))


def _facts(spec: Spec, knowledge: Knowledge, estimator: Estimator | None, bound: tuple[Bound, ...]) -> dict[str, Fact]:
    """All that is known: family, estimator, its task and the trials for each parameter included."""
    given: dict[str, Fact] = {**facts.given(spec), "model.family": knowledge.family.family}
    if estimator is not None:
        given["model.estimator"] = estimator.name
        if spec.model.estimator is not None and (task := binding.only_task(estimator)) is not None:
            given.setdefault("model.task", task)
    known = facts.with_derived(given)
    worth_tuning = sum(
        1 for b in bound if b.name not in spec.fixed and (b.parameter is None or b.parameter.tier != "fixed")
    )
    trials = known.get("derived.trials")
    if isinstance(trials, int | float) and worth_tuning:
        known[TRIALS_PER_PARAMETER] = trials / worth_tuning
    return known


def _judge(
    knowledge: Knowledge, known: Mapping[str, Fact], bound: tuple[Bound, ...]
) -> tuple[tuple[Rule, Outcome], ...]:
    """What becomes of every rule that speaks of a parameter of this plan, or of none."""
    regimes = knowledge.regimes(known)
    present = {b.canonical for b in bound}
    relevant = [
        rule
        for rule in knowledge.rules
        if any(not (about := parameters_of(e)) or set(about) & present for e in rule.then)
    ]
    return tuple((rule, evaluate(rule.when, known, regimes)) for rule in relevant)


def _firing(rule: Rule, verdict: Outcome) -> Firing:
    return Firing(
        rule=rule.id,
        effects=rule.then,
        because=rule.because,
        applies=verdict.because,
        sources=rule.sources,
        confidence=rule.confidence,
        overrides=frozenset(rule.overrides),
    )


def _spendable(spec: Spec, known: Mapping[str, Fact], policies: staging.Policies) -> tuple[int, int]:
    """Trials in all and at the same time."""
    trials = known.get("derived.trials")
    if trials is None:
        trials = policies["trials-when-not-given"]["trials"]
    most = min(int(trials), MOST_TRIALS)
    return most, min(spec.budget.parallel or 1, max(most, 1))


def _together(knowledge: Knowledge, outcome: effects.Outcome, own: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Groups of names that belong in one stage, by interaction or by rule."""
    groups = [
        *(i.parameters for i in knowledge.family.interactions if i.advice == "same-stage"),
        *(parameters for parameters, _ in outcome.together),
    ]
    return [tuple(own[name] for name in group if name in own) for group in groups]
