"""How a budget becomes stages: what is searched when, for how many trials, and which values the rest is held at.

Every decision is a policy with a name, numbers from the knowledge base, and a sentence in the plan. A plan has few
stages: first what matters most, then more of it around what was good. A stage keeps searching what earlier stages
searched, in a narrower range, so nothing is settled by a handful of trials and parameters that interact meet at last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from math import ceil, floor
from typing import NamedTuple

from advisor.effects import Tier
from advisor.knowledge import Confidence
from advisor.plan import Limits
from advisor.space import Domain, Value, contains, is_single, same
from advisor.spec import Role
from advisor.words import counted

Policies = Mapping[str, Mapping[str, float]]


class Candidate(NamedTuple):
    """A parameter of the plan to be, with everything that was decided about it.

    Attributes:
        name: What the plan calls it.
        canonical: Its name in the knowledge base; the same where it is unknown there.
        domain: Where to look; None where it is never searched.
        hold: Its value while it is not searched.
        default: The library's default, or where a search of an unknown parameter begins.
        settled: Whether person or rule fixed it.
        gain: What tuning it alone is worth; ranks parameters of the same tier.
        when: Values of other parameters, by plan name, for which it has an effect.
        allowed: What the person's range lets it be; None where they gave none.
        limits: How far any stage may reach.
    """

    name: str
    canonical: str
    tier: Tier
    priority: int
    hold: Value
    default: Value
    domain: Domain | None = None
    settled: bool = False
    gain: float = 0.0
    role: Role | None = None
    when: Mapping[str, tuple[Value, ...]] = {}
    allowed: Domain | None = None
    limits: Limits | None = None
    argument: str | None = None
    why: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    confidence: Confidence = "low"
    known: bool = True

    @property
    def is_searchable(self) -> bool:
        """Whether there is something to search, and somebody who wants it searched."""
        if self.settled or self.role == "fixed" or self.domain is None or is_single(self.domain):
            return False
        return self.tier != "fixed" or self.role in {"tune", "nuisance"}


class Draft(NamedTuple):
    """A stage before it is written out.

    Attributes:
        name: What the stage is called.
        search: Names that it searches, most important first.
        trials: How many trials it has.
        joined: Names that it searches and the stage before did not.
        why: The policies that made it so.
    """

    name: str
    search: tuple[str, ...]
    trials: int
    joined: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


class Staging(NamedTuple):
    """All stages, and why some parameters are in none.

    Attributes:
        drafts: The stages in order.
        left_out: The reason for each searchable parameter that the budget does not carry.
        notes: What the person should know about the division.
    """

    drafts: tuple[Draft, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...] = ()


_LEVEL: Mapping[Tier, int] = {"critical": 0, "important": 1, "minor": 2, "fixed": 2}
_NAMES = ("critical", "important", "minor")


def divide(
    candidates: Sequence[Candidate],
    trials: int,
    parallel: int,
    together: Iterable[tuple[str, ...]],
    policies: Policies,
    absent: Mapping[str, Value],
) -> Staging:
    """Decide how many stages there are, what each searches, and for how many trials.

    Args:
        candidates: Every parameter.
        trials: The whole budget.
        parallel: Trials that run at the same time.
        together: Names that belong in the same stage.
        policies: The numbers of every policy.
        absent: What the library does about parameters that are not part of the plan.
    """
    together = [*together]
    ranked = _ranked(candidates, absent, together)
    carried, left_out = _carried(ranked, trials, policies)
    if not carried:
        only = Draft(name="fixed", search=(), trials=trials, why=("Nothing is left to search.",))
        return Staging(
            drafts=(only,),
            left_out=left_out,
            notes=("Everything is fixed: one trial measures it, and further trials only its noise.",),
        )
    levels = _levels(carried, together)
    count, reason = _count(trials, parallel, policies)
    groups = _grouped(levels, count, apart=bool(policies["stages"]["tiers_apart"]))
    drafts, merged = _with_trials(groups, carried, trials, parallel, policies)
    first, *rest = drafts
    return Staging(drafts=(first._replace(why=(reason, *first.why)), *rest), left_out=left_out, notes=merged)


def parents_first(candidates: Sequence[Candidate]) -> tuple[tuple[Candidate, ...], tuple[str, ...]]:
    """The candidates, each after those that it depends on, and the names of those that depend on themselves."""
    by_name = {c.name: c for c in candidates}
    waiting = {c.name: sum(parent in by_name for parent in c.when) for c in candidates}
    children: dict[str, list[str]] = {}
    for candidate in candidates:
        for parent in candidate.when:
            children.setdefault(parent, []).append(candidate.name)
    ordered = [name for name, parents in waiting.items() if not parents]
    for name in ordered:
        for child in children.get(name, ()):
            waiting[child] -= 1
            if not waiting[child]:
                ordered.append(child)
    done = set(ordered)
    return tuple(by_name[name] for name in ordered), tuple(name for name in by_name if name not in done)


def active_in(ordered: Iterable[Candidate], absent: Mapping[str, Value], point: Mapping[str, Value]) -> frozenset[str]:
    """The parameters that have an effect in a configuration.

    Args:
        ordered: Every candidate, each after those that it depends on.
        absent: What the library does about parameters that are not part of the plan.
        point: A value for every candidate.
    """
    active: set[str] = set()
    for candidate in ordered:
        for parent, wanted in candidate.when.items():
            value = point[parent] if parent in point else absent.get(parent)
            if (parent in point and parent not in active) or not any(same(value, one) for one in wanted):
                break
        else:
            active.add(candidate.name)
    return frozenset(active)


def _ranked(
    candidates: Sequence[Candidate], absent: Mapping[str, Value], together: Iterable[tuple[str, ...]]
) -> list[Candidate]:
    """What can be searched, most important first, and no parameter before parents that it needs searched.

    Within a tier those come first that belong in one stage with a parameter of a higher tier.
    """
    by_name = {c.name: c for c in candidates}
    partners = {
        name
        for group in together
        for name in group
        if name in by_name and any(by_name[o].priority > by_name[name].priority for o in group if o in by_name)
    }
    order = sorted(candidates, key=lambda c: (c.is_searchable, -c.priority, c.name not in partners, -c.gain))
    rank = {c.name: position for position, c in enumerate(order)}
    as_held = active_in(parents_first(candidates)[0], absent, {c.name: c.hold for c in candidates})
    waits = {
        c.name: {p for p in c.when if p in by_name and not _is_as_held(by_name[p], c, as_held)} for c in candidates
    }
    children: dict[str, list[str]] = {}
    for name, parents in waits.items():
        for parent in parents:
            children.setdefault(parent, []).append(name)
    ready = [rank[name] for name, parents in waits.items() if not parents]
    heapify(ready)
    found: list[Candidate] = []
    while ready:
        here = order[heappop(ready)]
        if all(_can_be(by_name.get(p), wanted, absent.get(p)) for p, wanted in here.when.items()):
            found.append(here)
            for child in children.get(here.name, ()):
                waits[child].discard(here.name)
                if not waits[child]:
                    heappush(ready, rank[child])
    return [c for c in found if c.is_searchable]


def _is_as_held(parent: Candidate, child: Candidate, as_held: frozenset[str]) -> bool:
    """Whether a parent has what its child needs when nothing is searched."""
    return parent.name in as_held and any(same(parent.hold, value) for value in child.when[parent.name])


def _can_be(parent: Candidate | None, wanted: tuple[Value, ...], absent: Value) -> bool:
    """Whether a parent takes one of the values in some stage."""
    if parent is not None and parent.is_searchable and parent.domain is not None:
        return any(contains(parent.domain, value) for value in wanted)
    held = absent if parent is None else parent.hold
    return any(same(held, value) for value in wanted)


def _carried(
    ranked: Sequence[Candidate], trials: int, policies: Policies
) -> tuple[tuple[Candidate, ...], dict[str, str]]:
    """The parameters that the budget can carry; what the person asked for always is."""
    policy = policies["what-a-budget-carries"]
    each = policy["tiny_trials_per_parameter" if trials < policy["tiny_below"] else "trials_per_parameter"]
    room = max(1, floor(trials / each))
    by_name = {c.name: c for c in ranked}
    wanted = {c.name for c in ranked if c.role in {"tune", "nuisance"}}
    for candidate in reversed(ranked):
        if candidate.name in wanted:
            wanted |= {parent.name for parent in _needed(candidate, by_name)}
    others = [c.name for c in ranked if c.name not in wanted]
    kept = wanted | set(others[: max(room - len(wanted), 0 if wanted else 1)])
    left_out = {
        c.name: f"what-a-budget-carries: there is room for {counted(room, 'parameter')} "
        f"in {counted(trials, 'trial')} ({each:g} trials each), and others matter more; "
        "say role: tune to search it all the same."
        for c in ranked
        if c.name not in kept
    }
    return tuple(c for c in ranked if c.name in kept), left_out


def _needed(candidate: Candidate, searched: Mapping[str, Candidate]) -> list[Candidate]:
    """The parents that have to be searched for a parameter to have an effect."""
    return [
        searched[name]
        for name, wanted in candidate.when.items()
        if name in searched and not any(same(searched[name].hold, value) for value in wanted)
    ]


def _levels(carried: Sequence[Candidate], together: Iterable[tuple[str, ...]]) -> dict[str, int]:
    """The stage each parameter would join, were there a stage for each tier.

    Partners join together, and none before a parent without whose search it has no effect.
    """
    levels = {c.name: _LEVEL[c.tier] for c in carried}
    groups = [[name for name in group if name in levels] for group in together]
    changed = True
    while changed:
        changed = False
        for group in groups:
            earliest = min((levels[name] for name in group), default=0)
            late = [name for name in group if levels[name] > earliest]
            levels.update(dict.fromkeys(late, earliest))
            changed = changed or bool(late)
    by_name = {c.name: c for c in carried}
    for candidate in carried:
        after = max((levels[parent.name] for parent in _needed(candidate, by_name)), default=0)
        levels[candidate.name] = max(levels[candidate.name], after)
    return levels


def _count(trials: int, parallel: int, policies: Policies) -> tuple[int, str]:
    policy = policies["stages"]
    count = 1 + (trials >= policy["two_from"]) + (trials >= policy["three_from"])
    rounds = trials / parallel
    most = max(1, floor(rounds / 2))
    reason = (
        f"stages: {counted(trials, 'trial')} are room for {counted(count, 'stage')} "
        f"(two from {policy['two_from']:g}, three from {policy['three_from']:g})."
    )
    if count > most:
        return most, (
            f"stages: with {parallel} trials in parallel there are {rounds:.3g} rounds of results, "
            f"so there {'is one stage' if most == 1 else f'are {most} stages'}."
        )
    return count, reason


def _grouped(levels: Mapping[str, int], count: int, *, apart: bool) -> list[tuple[str, list[str]]]:
    """The names that join at each stage: all at the first, or where tiers are apart what has no stage at the last."""
    present = sorted(set(levels.values()))
    groups: list[tuple[str, list[str]]] = []
    for position, level in enumerate(present):
        names = [name for name, at in levels.items() if at == level]
        if position < (count if apart else 1):
            groups.append((_NAMES[level], names))
        else:
            title, earlier = groups[-1]
            groups[-1] = (_both(title, _NAMES[level]), earlier + names)
    titles = ["refine", "refine again"]
    groups += [(title, []) for title in titles[: count - len(groups)]]
    return groups


def _both(title: str, other: str) -> str:
    """The name of a stage that is two: ``critical, important and minor``."""
    return f"{title.replace(' and ', ', ')} and {other}"


def _with_trials(
    groups: list[tuple[str, list[str]]],
    carried: Sequence[Candidate],
    trials: int,
    parallel: int,
    policies: Policies,
) -> tuple[list[Draft], tuple[str, ...]]:
    """Give each stage its trials; one that would have too few is merged with the next."""
    always = {c.name for c in carried if c.role == "nuisance"}
    order = [c.name for c in carried]
    merged: list[str] = []
    while True:
        drafts = _cumulative(groups, order, always, trials, parallel, policies)
        short = next((i for i, d in enumerate(drafts) if _is_too_short(d, policies)), None)
        if short is None or len(groups) == 1:
            return drafts, tuple(merged)
        at = min(short, len(groups) - 2)
        merged.append(
            f"least-stage: the stage {groups[short][0]!r} would have {counted(drafts[short].trials, 'trial')} "
            f"for {counted(len(drafts[short].search), 'parameter')}, "
            f"so {groups[at][0]!r} and {groups[at + 1][0]!r} are one stage."
        )
        groups = [*groups[:at], _merged(groups[at], groups[at + 1]), *groups[at + 2 :]]


def _merged(first: tuple[str, list[str]], second: tuple[str, list[str]]) -> tuple[str, list[str]]:
    title = first[0] if second[0].startswith("refine") else _both(first[0], second[0])
    return title, first[1] + second[1]


def _is_too_short(draft: Draft, policies: Policies) -> bool:
    return draft.trials < _least(len(draft.search), policies)


def _least(searched: int, policies: Policies) -> float:
    """Trials that a stage needs to stand."""
    policy = policies["least-stage"]
    return max(policy["trials"], ceil(policy["per_parameter"] * searched))


def _share_of(position: int, count: int, trials: int, searched: int, parallel: int, policies: Policies) -> int:
    """Trials of a stage before the last: a share in whole rounds, so many a parameter at most, or what guides it."""
    policy, sampler = policies["stages"], policies["sampler"]
    two = "first_of_short" if trials < policy["short_below"] else "first_of_two"
    shares = {2: [two], 3: ["first_of_three", "second_of_three"]}[count]
    number = max(1, round(policy[shares[position]] * trials))
    least = max(_least(searched, policies), sampler["rounds_least"] * parallel, 2 * sampler["startup_least"])
    most = max(policy["early_most_per_parameter"] * searched, least)
    number = min(number, ceil(most / parallel) * parallel)
    return max(parallel, number - number % parallel)


def _cumulative(
    groups: list[tuple[str, list[str]]],
    order: list[str],
    always: set[str],
    trials: int,
    parallel: int,
    policies: Policies,
) -> list[Draft]:
    """Stages that search what joins and all that joined before; the last has the trials that are left."""
    drafts: list[Draft] = []
    searched = set(always)
    left = trials
    for position, (title, joined) in enumerate(groups):
        new = tuple(name for name in order if name in joined and (name not in searched or not drafts))
        searched |= set(joined)
        is_last = position == len(groups) - 1
        number = left if is_last else _share_of(position, len(groups), trials, len(searched), parallel, policies)
        left -= number
        search = tuple(name for name in order if name in searched)
        drafts.append(Draft(name=title, search=search, trials=number, joined=new))
    return drafts


def most_starts(draft: Draft, budget: int, policies: Policies) -> int:
    """How many known configurations a stage evaluates first: a share of it, more of a tiny budget."""
    policy = policies["starts"]
    share = policy["tiny_share"] if budget < policy["tiny_below"] else policy["share"]
    return int(max(1, min(policy["most"], floor(share * draft.trials))))
