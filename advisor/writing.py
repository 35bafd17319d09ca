"""Writing a plan out: from everything that was decided to stages, starts, reasons and sources.

The parts of a plan are made here without being validated again (``model_construct``): that would build a validator for
each, a tenth of the time that a plan takes. The laws of the tests read every plan back, through all validators.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from advisor import accounts, activity, facts, sampling, starts
from advisor.activity import Activity
from advisor.decided import Decided
from advisor.plan import Held, Narrowing, Plan, Sampler, Searched, Stage
from advisor.record import (
    KnowledgeReference,
    OverlayReference,
    PlanBudget,
    PlanObjective,
    PlanWaiver,
    SpecReference,
)
from advisor.space import Choice, Numeric, Value, shown_condition, type_name, written
from advisor.staging import Candidate, Draft


def plan(decided: Decided, seed: int) -> Plan:
    """The plan as a value that can be saved."""
    spec = decided.spec
    stages = _stages(decided, seed)
    found = Plan.model_construct(
        version=1,
        spec=_spec(decided),
        knowledge=_knowledge(decided),
        objective=PlanObjective.model_construct(
            metric=spec.objective.metric,
            direction=spec.objective.direction,
            split=spec.objective.split,
            noise=spec.objective.noise,
        ),
        budget=PlanBudget.model_construct(trials=decided.trials, parallel=decided.parallel),
        bar=accounts.bar(decided, stages[0]),
        stages=stages,
        confirm=accounts.confirmation(decided),
        waits_for=accounts.waiting(decided),
        waived=tuple(PlanWaiver.model_construct(**dict(waiver)) for waiver in spec.waive),
        constraints=decided.constraints,
        pruning=accounts.pruning(decided, stages),
        notes=accounts.notes(decided, stages),
        fired=accounts.records(decided, holds=True),
        silent=accounts.records(decided, holds=False),
        evidence=accounts.evidence(decided),
        interactions=accounts.interactions(decided, stages),
    )
    return found.model_copy(update={"sources": accounts.sources(decided, found)})


_SAID = frozenset({"model.family", "model.estimator", "model.task", "objective.metric", "objective.direction"})
"""Facts that a plan says elsewhere."""


def _spec(decided: Decided) -> SpecReference:
    spec, family = decided.spec, decided.knowledge.family.family
    return SpecReference.model_construct(
        name=spec.name or family,
        sha256=spec.sha256,
        family=family,
        estimator=decided.estimator.name if decided.estimator else None,
        task=spec.model.task,
        facts={name: value for name, value in facts.given(spec).items() if name not in _SAID},
    )


def _knowledge(decided: Decided) -> KnowledgeReference:
    knowledge = decided.knowledge
    overlays = tuple(
        OverlayReference.model_construct(name=overlay.name, sha256=overlay.sha256) for overlay in knowledge.overlays
    )
    return KnowledgeReference.model_construct(
        version=knowledge.shared.version, sha256=knowledge.sha256, overlays=overlays
    )


# Stages


def _stages(decided: Decided, seed: int) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    for number, draft in enumerate(decided.division.drafts, 1):
        active = activity.in_stage(decided, draft)
        opened = _opened(decided, draft) if stages and draft is decided.division.drafts[-1] else {}
        search = {
            name: _searched(decided.by_name[name], active[name], opened.get(name))
            for name in draft.search
            if active[name] is not None
        }
        held = {c.name: _held(decided, c, active[c.name]) for c in decided.candidates if c.name not in search}
        held |= _given(decided)
        narrow = _narrowing(decided, stages, search, opened, draft.trials) if stages else Narrowing.model_construct()
        first = starts.points(decided, draft, search, held) if not stages else ()
        stages.append(
            Stage.model_construct(
                id=number,
                name=draft.name,
                trials=draft.trials,
                sampler=_sampler(decided, draft, seed + number - 1, goes_on=_goes_on(stages, search), known=len(first)),
                start=tuple(start.point for start in first),
                start_why=tuple(start.reason for start in first),
                search=search,
                fixed=held,
                narrow=narrow,
                why=_stage_why(decided, draft, narrow, opened),
            )
        )
    return tuple(stages)


def _opened(decided: Decided, draft: Draft) -> dict[str, Numeric]:
    """The ranges of which only an advised part was searched until the last stage, as the person gave them."""
    found: dict[str, Numeric] = {}
    for name in draft.search:
        part, whole = decided.by_name[name].domain, decided.by_name[name].allowed
        if isinstance(part, Numeric) and isinstance(whole, Numeric):
            # Where only the knowledge's scale is logarithmic, the person's low end may be next to nothing on it.
            low = part.low if part.log and not whole.log else whole.low
            opened = part._replace(low=low, high=whole.high)
            found |= {name: opened} if opened != part else {}
    return found


def _searched(candidate: Candidate, depends: Activity | None, opened: Numeric | None) -> Searched:
    domain = opened or candidate.domain
    assert domain is not None  # noqa: S101 - only what has a domain is searched
    number = domain if isinstance(domain, Numeric) else None
    choice = domain if isinstance(domain, Choice) else None
    return Searched.model_construct(
        type=type_name(domain),
        low=written(number.low, integer=number.integer) if number else None,
        high=written(number.high, integer=number.integer) if number else None,
        log=True if number and number.log else None,
        step=written(number.step, integer=number.integer) if number and number.step is not None else None,
        choices=choice.choices if choice else None,
        ordered=True if choice and choice.ordered else None,
        default=candidate.hold,
        tier=candidate.tier,
        role=candidate.role,
        is_=candidate.canonical if candidate.canonical != candidate.name else None,
        argument=candidate.argument,
        when=_condition(depends),
        limits=candidate.limits,
        why=candidate.why,
        sources=candidate.sources,
        confidence=candidate.confidence,
    )


def _condition(depends: Activity | None) -> dict[str, Value | tuple[Value, ...]] | None:
    return {k: v if len(v) > 1 else v[0] for k, v in (depends or {}).items()} or None


def _held(decided: Decided, candidate: Candidate, depends: Activity | None) -> Held:
    active = depends is not None
    reasons = [*_why_held(decided, candidate, active=active)]
    evidence = decided.knowledge.family.parameters.get(candidate.canonical)
    if candidate.tier == "fixed" and evidence is not None and evidence.departs:
        reasons.append(evidence.departs)
    return Held.model_construct(
        value=candidate.hold,
        tier=candidate.tier,
        is_=candidate.canonical if candidate.canonical != candidate.name else None,
        argument=candidate.argument,
        when=_condition(depends),
        active=None if active else False,
        why=tuple(dict.fromkeys(reasons)),
        sources=candidate.sources,
    )


def _why_held(decided: Decided, candidate: Candidate, *, active: bool) -> Iterable[str]:
    if not active:
        yield f"Without effect here: it matters only where {shown_condition(candidate.when)}."
        return
    if candidate.settled or not candidate.is_searchable:
        yield from candidate.why
        return
    if candidate.name in decided.division.left_out:
        yield decided.division.left_out[candidate.name]
    later = next((n for n, d in enumerate(decided.division.drafts, 1) if candidate.name in d.search), None)
    if later is not None:
        yield f"Searched from stage {later} on."
    yield from candidate.why[:1]


def _given(decided: Decided) -> dict[str, Held]:
    """Arguments that make the estimator a member of the family, where the person lets us set them."""
    if decided.estimator is None or decided.spec.scope == "closed":
        return {}
    names = {c.name for c in decided.candidates} | {c.canonical for c in decided.candidates}
    return {
        name: Held.model_construct(
            value=value, why=(f"It makes {decided.estimator.name} a {decided.knowledge.family.title}.",)
        )
        for name, value in decided.estimator.given.items()
        if name not in names
    }


def _goes_on(before: Sequence[Stage], search: Mapping[str, Searched]) -> bool:
    """Whether the trials of a Gaussian process come before, and what has a condition was modelled with the rest."""
    return bool(before) and before[-1].proposes_all and any(searched.when for searched in search.values())


def _sampler(decided: Decided, draft: Draft, seed: int, *, goes_on: bool, known: int) -> Sampler:
    name = sampling.name(
        draft,
        decided.trials,
        decided.parallel,
        decided.policies,
        constrained=bool(decided.constraints),
        later=draft is not decided.division.drafts[0],
    )
    startup = 0 if name == "quasi-random" else sampling.startup(draft, decided.policies, known=known)
    joint = True if goes_on and name == "tpe" else None
    winsorized = True if name == "gp" and sampling.is_winsorized(draft, decided.policies) else None
    tpe_every = sampling.tpe_every(draft, decided.policies) if name == "gp" else None
    return Sampler.model_construct(
        name=name, seed=seed, startup=startup, joint=joint, winsorized=winsorized, tpe_every=tpe_every
    )


def _narrowing(
    decided: Decided, before: list[Stage], search: Mapping[str, Searched], opened: Collection[str], trials: int
) -> Narrowing:
    """How the ranges follow from the stage before; what joins now stays open, and so do those that depend on it."""
    policy = decided.policies["narrowing"]
    joined = search.keys() - before[-1].search.keys()
    partners = {
        decided.own_names[name]
        for interaction in decided.knowledge.family.interactions
        if interaction.advice in {"keep-open", "same-stage"}
        and joined & {decided.own_names.get(n, n) for n in interaction.parameters}
        for name in interaction.parameters
        if name in decided.own_names
    }
    nuisance = {c.name for c in decided.candidates if c.role == "nuisance"}
    still_open = tuple(n for n in search if n in joined or n in opened or n in partners | nuisance)
    edge = policy["edge"] if opened and sampling.is_short(trials, decided.policies) else None
    is_far_larger = trials > policy["not_beyond"] * sum(stage.trials for stage in before)
    if is_far_larger or len(still_open) == len(search):
        follows = Narrowing.model_construct(from_=before[-1].id, edge=edge)
        return follows if edge is not None else Narrowing.model_construct()
    return Narrowing.model_construct(
        from_=before[-1].id,
        keep=policy["keep"],
        at_least=int(policy["at_least"]),
        extend_at_edge=True,
        open=still_open or None,
        edge=edge,
    )


def _stage_why(decided: Decided, draft: Draft, narrow: Narrowing, opened: Iterable[str]) -> tuple[str, ...]:
    policies = decided.knowledge.shared.policies
    why = [*draft.why, *accounts.together(decided, draft)]
    is_first = draft is decided.division.drafts[0]
    given = (draft, decided.trials, decided.parallel, decided.policies)
    if reason := sampling.reason(*given, constrained=bool(decided.constraints), later=not is_first):
        why.append(f"sampler: {reason}")
    if is_first:
        why.append(f"starts: {policies['starts'].because}")
    elif narrow.keep is not None:
        why.append(f"narrowing: {policies['narrowing'].because}")
    elif narrow.edge is None:
        why.append("narrowing: every range is open, as it was given.")
    if names := ", ".join(opened):
        how = "searches" if narrow.edge is None else "opens, at an end near which good trials lie, to"
        why.append(f"opening: what is advised misses what some data need, so this stage {how} all of yours: {names}.")
    return tuple(why)
