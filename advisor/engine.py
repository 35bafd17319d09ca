"""From a spec to a plan: which rules apply, what they change, and how the result is staged and written out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor import binding, candidates, effects, facts, staging, writing
from advisor.binding import Bound
from advisor.conditions import Outcome, evaluate
from advisor.decided import Decided
from advisor.effects import Firing, parameters_of
from advisor.errors import InvalidFile, Problem
from advisor.facts import TRIALS_PER_PARAMETER, Fact
from advisor.knowledge import Rule
from advisor.library import Knowledge
from advisor.plan import Plan
from advisor.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A rule and what became of its condition."""

    rule: Rule
    outcome: Outcome


def advise(spec: Spec, *, seed: int = 0) -> Plan:
    """The staged search plan for a spec.

    A pure function of the spec, the knowledge base and the seed: the same inputs give the same plan everywhere.

    Args:
        spec: What is to be tuned, on what, with which budget.
        seed: Seed of the samplers, at least 0.

    Raises:
        UnknownName: The knowledge base has no such family or estimator.
        InvalidFile: The spec contradicts itself or the library; every problem at once.
        RuleConflict: Two rules of the knowledge base contradict each other.
    """
    if isinstance(seed, bool) or seed < 0:
        raise InvalidFile([Problem(sentence=f"the seed must be 0 or more, not {seed}")])
    return writing.plan(decide(spec), seed)


def decide(spec: Spec) -> Decided:
    """Everything that is decided about a spec, before it is written out as a plan."""
    knowledge = binding.knowledge_for(spec)
    family = knowledge.family
    estimator = binding.estimator_for(spec, family)
    bound = binding.parameters(spec, family, estimator)
    known = _facts(spec, knowledge, bound)
    judged = _judge(knowledge, known, bound)
    outcome = effects.apply(
        {
            b.canonical: candidates.initial_advice(b.parameter, estimator, known)
            for b in bound
            if b.canonical is not None and b.parameter is not None
        },
        [_firing(j) for j in judged if j.outcome.holds],
        known,
    )
    collected = candidates.collect(spec, family, estimator, bound, outcome.advice, known)
    if collected.problems:
        raise InvalidFile(collected.problems)
    policies = {name: policy.values for name, policy in knowledge.shared.policies.items()}
    trials, parallel = _spendable(spec, known, policies)
    own = {b.canonical: b.name for b in bound if b.canonical is not None}
    division = staging.divide(collected.candidates, trials, parallel, _together(knowledge, outcome, own), policies)
    return Decided(
        spec=spec,
        knowledge=knowledge,
        estimator=estimator,
        facts=known,
        judged=tuple((j.rule, j.outcome) for j in judged),
        outcome=outcome,
        candidates=collected.candidates,
        notes=collected.notes,
        division=division,
        trials=trials,
        parallel=parallel,
        policies=policies,
        own_names=own,
    )


def _facts(spec: Spec, knowledge: Knowledge, bound: tuple[Bound, ...]) -> dict[str, Fact]:
    """All that is known, the family and the trials for each parameter included."""
    given: dict[str, Fact] = {**facts.given(spec), "model.family": knowledge.family.family}
    known = facts.with_derived(given)
    worth_tuning = sum(
        1 for b in bound if b.name not in spec.fixed and (b.parameter is None or b.parameter.tier != "fixed")
    )
    trials = known.get("derived.trials")
    if isinstance(trials, int | float) and worth_tuning:
        known[TRIALS_PER_PARAMETER] = trials / worth_tuning
    return known


def _judge(knowledge: Knowledge, known: Mapping[str, Fact], bound: tuple[Bound, ...]) -> list[Judged]:
    """What becomes of every rule that speaks of a parameter of this plan, or of none."""
    regimes = knowledge.regimes(known)
    present = {b.canonical for b in bound}
    relevant = [
        rule
        for rule in knowledge.rules
        if any(not (about := parameters_of(e)) or set(about) & present for e in rule.then)
    ]
    return [Judged(rule=rule, outcome=evaluate(rule.when, known, regimes)) for rule in relevant]


def _firing(judged: Judged) -> Firing:
    rule = judged.rule
    return Firing(
        rule=rule.id,
        effects=rule.then,
        because=rule.because,
        applies=judged.outcome.because,
        sources=rule.sources,
        confidence=rule.confidence,
        overrides=frozenset(rule.overrides),
    )


def _spendable(spec: Spec, known: Mapping[str, Fact], policies: staging.Policies) -> tuple[int, int]:
    """Trials in all and at the same time."""
    trials = known.get("derived.trials")
    if trials is None:
        trials = policies["trials-when-not-given"]["trials"]
    return int(trials), min(spec.budget.parallel or 1, max(int(trials), 1))


def _together(knowledge: Knowledge, outcome: effects.Outcome, own: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Groups of names that belong in one stage, by interaction or by rule."""
    groups = [
        *(i.parameters for i in knowledge.family.interactions if i.advice == "same-stage"),
        *(parameters for parameters, _ in outcome.together),
    ]
    return [tuple(own[name] for name in group if name in own) for group in groups]
