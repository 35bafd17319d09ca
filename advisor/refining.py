"""The next plan, from what was measured: what does not matter is held, what does is searched where it may be best.

Nothing changes on a figure that luck explains: a parameter is held only where the trials show that it has no effect,
and a range moves only where its parameter matters and the ranks of the scores follow a trend beyond luck. What a plan
held for want of trials is searched where all trials together, those that were run and those to come, carry it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from advisor import beginnings, beliefs, engine, extents, handover, measuring, proposing, suggesting
from advisor.beliefs import Revised
from advisor.errors import AdvisorError, InvalidFile, Problem
from advisor.importance import Importance
from advisor.measuring import Gathered, Importances
from advisor.plan import Held, Narrowing, Plan, Sampler, Searched, Stage, StartReason
from advisor.record import Bar, PlanBudget, PlanNote
from advisor.space import Domain, Numeric, Value, clip, contains, is_number, shown_value
from advisor.spec import Spec
from advisor.trials import Trial

LUCK: Final = 0.05
"""The chance with which a plan may change any range where nothing matters; divided among its ranges."""
_STARTUP: Final = 4
_LEAST_STAGE: Final = 10
"""Trials below which the second half of a refined plan is no stage of its own."""
_CARRIES: Final = 2
"""So many parameters more than the policy says do trials to come carry, as those before told what the first are worth.

Chosen on six tasks of XGBoost (the part ``choose`` of ``benchmarks/refinement.py``): 0.25 of regret, not 0.38.
"""


class NothingLeft(AdvisorError):
    """Tuning further is worth nothing that could be told from noise."""

    exit_code = 1


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What there is to go on.

    Attributes:
        plan: The plan that was run.
        base: What would be searched if nothing had been measured.
        found: What was measured.
        gathered: The trials as they were measured.
        revised: What is believed of each parameter.
        best: The trial that won.
        rule: Why it won.
    """

    plan: Plan
    base: Stage
    found: Importances
    gathered: Gathered
    revised: Mapping[str, Revised]
    best: Trial
    rule: str


class _Change(NamedTuple):
    """What becomes of one searched parameter, and the figure that says so."""

    entry: Searched | Held
    why: str = ""


def refine(
    plan: Plan, trials: Sequence[Trial], *, budget: int | None = None, seed: int = 0, spec: Spec | None = None
) -> Plan:
    """The plan for the trials that are left, begun at the best configuration until now.

    It has one stage; where the spec gives ranges that are wider than what was searched, a second one searches these.

    Args:
        plan: The plan that was run.
        trials: What came of it.
        budget: How many trials the new plan has; what the old one has left, if it is not given.
        seed: Of the measurement and the sampler.
        spec: What the plan answers. With it, parameters are searched that the plan held for want of trials.

    Raises:
        TooFewTrials: It says how many more would do.
        InvalidFile: There are no trials left, or the plan answers another spec.
        NothingLeft: Nothing that is searched may matter, or what is left to gain is less than noise.
    """
    count = _budget(plan, trials, budget)
    whole = None if spec is None else _whole(plan, spec, len(trials) + _CARRIES * count)
    known = _known(plan, trials, _base(plan, whole), seed)
    changes = _with_parents(known.base, {name: _changed(name, known) for name in known.base.search})
    opened = {} if whole is None or count // 2 < _LEAST_STAGE else _opened(known, changes, whole)
    _stop_where_nothing_is_left(known, changes, count, beyond=bool(opened))
    stages = _stages(known, changes, opened, count, seed)
    told = [f"{name}: {change.why}" for name, change in changes.items() if change.why]
    nothing = "every range stays: the trials show nothing beyond luck that would change it"
    notes = tuple(PlanNote(text=text, by="refine") for text in (*(told or [nothing]), *known.found.remarks))
    return plan.having(
        bar=_bar(known),
        stages=stages,
        budget=PlanBudget(trials=count, parallel=plan.budget.parallel),
        notes=(*plan.notes, *notes),
    )


def _bar(known: _Known) -> Bar:
    """What is to be beaten now: the best until now, which comes first; the library's default is not evaluated again."""
    metric, value = known.plan.objective.metric, shown_value(known.best.value)
    return Bar(library_default=False, note=f"The best of the trials before, with {metric} {value}, is the bar to beat.")


def _budget(plan: Plan, trials: Sequence[Trial], budget: int | None) -> int:
    count = plan.budget.trials - len(trials) if budget is None else budget
    if count < 1:
        sentence = f"the plan's {plan.budget.trials} trials are spent; say how many more there are with --budget"
        raise InvalidFile([Problem(sentence=sentence)])
    return count


def _whole(plan: Plan, spec: Spec, trials: int) -> Stage:
    """The last stage of a plan of the spec for so many trials: all that they carry, as wide as the person allows."""
    if spec.sha256 != plan.spec.sha256:
        raise InvalidFile([Problem(sentence="the plan answers another spec, or this one before it was changed")])
    whole = engine.advise(spec.having(budget=spec.budget.having(trials=trials))).stages[-1]
    if lost := [name for name in plan.stages[-1].search if name not in whole.entries]:
        raise InvalidFile([Problem(sentence=f"the plan searches {', '.join(lost)}, which is not known any more")])
    return whole


def _base(plan: Plan, whole: Stage | None) -> Stage:
    """The last stage of the plan, with what the whole searches besides."""
    last = plan.stages[-1].having(start=(), start_why=())
    if whole is None:
        return last
    # What was held decides no more which parameters have an effect, so conditions are those of the whole.
    known = {name: old.having(when=whole.entries[name].when) for name, old in last.search.items()}
    search = {**known, **{name: new for name, new in whole.search.items() if name not in known}}
    return last.having(search=search, fixed={name: held for name, held in whole.fixed.items() if name not in search})


def _known(plan: Plan, trials: Sequence[Trial], base: Stage, seed: int) -> _Known:
    direction = plan.objective.direction
    gathered = measuring.gather(trials, plan, direction=direction)
    found = measuring.measured(gathered, direction=direction, seed=seed)
    best, rule = handover.winner(plan, plan.stages, list(trials))
    assert best is not None  # noqa: S101 - what was measured has complete trials
    return _Known(
        plan=plan,
        base=base,
        found=found,
        gathered=gathered,
        revised=beliefs.revised(plan, found),
        best=best,
        rule=f"The best of {len(trials)} trials: {rule}.",
    )


def _with_parents(stage: Stage, changes: dict[str, _Change]) -> dict[str, _Change]:
    """Parameters on which others depend stay as they were: a condition needs all values of its parent."""
    parents = {parent for entry in stage.entries.values() for parent in entry.when or ()}
    return {
        name: _Change(stage.search[name], "stays: others depend on it")
        if name in parents and change.entry != stage.search[name]
        else change
        for name, change in changes.items()
    }


def _stop_where_nothing_is_left(known: _Known, changes: Mapping[str, _Change], count: int, *, beyond: bool) -> None:
    """Raise where nothing is searched, or all trials to come gain less than noise by a model that can be trusted."""
    if all(isinstance(change.entry, Held) for change in changes.values()):
        raise NothingLeft("nothing that is searched has an effect beyond noise: keep the best configuration")
    process = known.found.process
    if process is None or known.found.trust.verdict == "poor" or beyond or _reaches_beyond(known, changes):
        return
    gains = proposing.expected_gain(process, proposing.candidates(process, 0))
    noise = known.plan.objective.noise or process.scale * process.noise**0.5
    gain = count * float(gains.max())
    if gain < noise:
        raise NothingLeft(
            f"tuning further is worth at most {gain:.2g}, less than the noise of {noise:.2g}: keep the best"
        )


def _reaches_beyond(known: _Known, changes: Mapping[str, _Change]) -> bool:
    """Whether something is searched of which the model cannot speak: a new parameter, or values outside all ranges."""
    return any(
        name not in known.found.parameters or _is_wider(change.entry.domain, known.gathered.domains[name])
        for name, change in changes.items()
        if isinstance(change.entry, Searched)
    )


def _is_wider(domain: Domain, seen: Domain) -> bool:
    if not isinstance(domain, Numeric) or not isinstance(seen, Numeric):
        return False
    return domain.low < seen.low or domain.high > seen.high


def _stages(
    known: _Known, changes: Mapping[str, _Change], opened: Mapping[str, Searched], count: int, seed: int
) -> tuple[Stage, ...]:
    """What was learnt is searched first, and then, with half of the trials, all that the person allows."""
    half = count // 2
    if not opened:
        return (_stage(known, changes, count, seed),)
    first = _stage(known, changes, count - half, seed)
    names = ", ".join(opened)
    why = f"opening: what is advised misses what some data need, so this stage searches all of yours: {names}."
    last = first.having(
        id=2,
        name="open",
        trials=half,
        sampler=first.sampler.having(seed=first.sampler.seed + 1),
        search={**first.search, **opened},
        start=(),
        start_why=(),
        why=(why,),
    )
    return first, last


def _opened(known: _Known, changes: Mapping[str, _Change], whole: Stage) -> dict[str, Searched]:
    """What is still searched and was searched only in a part of what the person allows, with all of it."""
    found: dict[str, Searched] = {}
    for name, (entry, _) in changes.items():
        wide = whole.search.get(name)
        if wide is None or isinstance(entry, Held) or not isinstance(old := entry.domain, Numeric):
            continue
        new, before = wide.domain, known.base.search[name].domain
        if isinstance(new, Numeric) and isinstance(before, Numeric) and _is_wider(new, before):
            # On a scale that measurement made logarithmic the person's low end may be next to nothing, or nothing.
            low = old.low if old.log and not new.log else min(old.low, new.low)
            found[name] = handover.with_range(entry, low, max(old.high, new.high))
    return found


def _stage(known: _Known, changes: Mapping[str, _Change], count: int, seed: int) -> Stage:
    last, trust = known.plan.stages[-1], known.found.trust
    search = {name: change.entry for name, change in changes.items() if isinstance(change.entry, Searched)}
    held = {name: change.entry for name, change in changes.items() if isinstance(change.entry, Held)}
    stage = Stage(
        id=1,
        name="refined",
        trials=count,
        sampler=_sampler(known.plan, search, count).having(
            seed=last.sampler.seed + seed + 1, startup=max(_STARTUP, len(search))
        ),
        search=search,
        fixed={**known.base.fixed, **held},
        narrow=Narrowing(),
        why=(f"refined: from {trust.trials} complete trials; trust {trust.verdict}.",),
    )
    points = _starts(known, stage, seed)
    return stage.having(start=tuple(point for point, _ in points), start_why=tuple(why for _, why in points))


def _sampler(plan: Plan, search: Mapping[str, Searched], count: int) -> Sampler:
    """The sampler of the plan where it was made for so much; TPE, which takes anything, where it was not.

    A stage as short as the plan's last has that one's sampler, any other that of the first. Values are cut only where
    the plan cuts them beside as many parameters, and TPE takes turns only in stages as long as those of the plan in
    which it does.
    """
    first, last = plan.stages[0], plan.stages[-1]
    like = last.sampler if count <= last.trials else first.sampler
    grows = count > plan.budget.trials or not search.keys() <= last.search.keys()
    if like.name == "quasi-random" or (like.name == "gp" and grows):
        return like.as_tpe(joint=last.sampler.joint)
    most = max((len(stage.search) for stage in plan.stages if stage.sampler.winsorized), default=0)
    turns = [stage.trials for stage in plan.stages if stage.sampler.tpe_every]
    return like.having(
        winsorized=True if like.name == "gp" and len(search) <= most else None,
        tpe_every=like.tpe_every if turns and count >= min(turns) else None,
    )


def _starts(known: _Known, stage: Stage, seed: int) -> list[tuple[dict[str, Value], StartReason]]:
    """The best configuration, if the new ranges hold it, and those that the model proposes."""
    usual = {name: known.best.config.get(name, searched.default) for name, searched in stage.search.items()}
    points: list[tuple[dict[str, Value], StartReason]] = []
    if all(contains(searched.domain, usual[name]) for name, searched in stage.search.items()):
        points.append((suggesting.configuration(stage, usual), StartReason(why=known.rule)))
    process, trust = known.found.process, known.found.trust
    if process is None or trust.verdict == "poor":
        return points
    why = StartReason(why=f"The model of {trust.trials} trials expects most of it.")
    for config in beginnings.proposed(stage, process, usual, known.plan.constraints, seed):
        if all(config != point for point, _ in points):
            points.append((config, why))
    return points


# One parameter


def _changed(name: str, known: _Known) -> _Change:
    searched = known.base.search[name]
    if name not in known.plan.stages[-1].search:
        prior = known.revised[name].prior
        return _Change(searched, f"searched from now on: believed to explain {prior.mean:.2f} ({prior.basis})")
    one = known.found.parameters.get(name)
    if one is None or one.matters is None:
        return _Change(searched)
    if one.matters:
        return _moved(name, searched, one, known)
    return _held(name, searched, one, known)


def _held(name: str, searched: Searched, one: Importance, known: _Known) -> _Change:
    if name not in known.best.config:
        return _Change(searched)
    value = clip(searched.domain, known.best.config[name])  # the winner may lie outside what the person allows
    share = _share(one, known.revised[name])
    why = f"held at {shown_value(value)}: it explains {share}; another value gains at most {_at_most(one, value):.3g}"
    held = Held(
        value=value,
        tier="fixed",
        argument=searched.argument,
        when=searched.when,
        measured=True,
        why=(f"Measured: {why}.",),
    )
    return _Change(held, why)


def _moved(name: str, searched: Searched, one: Importance, known: _Known) -> _Change:
    luck = LUCK / len(known.found.parameters)
    to = extents.moved(name, searched, known.base, one, known.gathered, luck)
    if to is None:
        return _Change(searched)
    share = _share(one, known.revised[name])
    why = f"{searched.low:g} .. {searched.high:g} -> {to.low:g} .. {to.high:g}: {to.why}; it explains {share}"
    scale = {"log": True} if to.log and not searched.log else {}
    changed = handover.with_range(searched, to.low, to.high)
    return _Change(changed.having(**scale, why=(*changed.why, f"Measured: {why}.")), why)


def _share(one: Importance, revised: Revised) -> str:
    """What was measured, what was believed before, and both together."""
    odd = ", which differs beyond chance" if revised.disagrees else ""
    return (
        f"{one.total.value:.2f} of the variance ({one.total.low:.2f} to {one.total.high:.2f}); by itself "
        f"{one.main.value:.2f} here, {revised.prior.mean:.2f} before{odd}, so {revised.share.value:.2f} "
        f"(weight of what was believed: {revised.weight:.2f})"
    )


def _at_most(one: Importance, value: Value) -> float:
    """How much lower the mean cost may be than at a value, by the ends of the 95 % band."""
    values = one.curve.values
    here = min(range(len(values)), key=lambda at: _apart(values[at], value))
    return max(float(one.curve.high[here] - one.curve.low.min()), 0.0)


def _apart(one: Value, other: Value) -> float:
    if is_number(one) and is_number(other):
        return abs(float(one or 0) - float(other or 0))
    return float(one != other)
