"""Cases that stand beside a family's file: what a spec says, which rules must fire, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from advisor import engine, writing
from advisor.decided import Decided
from advisor.effects import Tier
from advisor.errors import AdvisorError, Path, Problem, did_you_mean
from advisor.model import Count, Flag, Frozen, Number, Scalar, Text
from advisor.plan import Plan
from advisor.spec import Spec


class Expected(Frozen):
    """What a plan must say of one parameter; what is left out is not looked at."""

    searched: Flag | None = Field(None, description="Whether any stage searches it.")
    stage: Count | None = Field(None, description="The first stage that searches it.")
    tier: Tier | None = None
    type: Literal["float", "int", "categorical"] | None = None
    low: Number | None = None
    high: Number | None = None
    log: Flag | None = None
    choices: tuple[Scalar, ...] | None = None
    value: Scalar = Field(None, description="What it is held at before it is searched, or where its search starts.")


class ExpectedPlan(Frozen):
    """What must be true of a plan as a whole; what is left out is not looked at."""

    stages: Count | None = None
    sampler: Text | None = Field(None, description="The sampler of the last stage.")
    pruning: Flag | None = Field(None, description="Whether it is advised to stop trials early.")
    confirm: Flag | None = Field(None, description="Whether finalists are to be repeated.")
    starts: Count | None = Field(None, description="How many configurations are evaluated first.")
    together: tuple[Text, ...] | None = Field(None, description="Parameters that join at the same stage.")


class Case(Frozen):
    """A change to the base spec, and what must come of it."""

    name: Text
    given: Mapping[str, Any] = Field({}, description="Laid over the base spec; null takes a key away.")
    fires: tuple[Text, ...] = ()
    silent: tuple[Text, ...] = ()
    waits: tuple[Text, ...] = Field((), description="Rules that lack a fact.")
    expect: Mapping[Text, Expected] = {}
    plan: ExpectedPlan = ExpectedPlan()


class CaseFile(Frozen):
    """``x.test.yaml``: the cases of one family."""

    family: Text
    base: Mapping[str, Any] = Field(description="A whole spec, but for its version.")
    cases: tuple[Case, ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the cases of a file made rules do, and what went wrong.

    Attributes:
        fired: Rules that fired in a case which says so.
        silent: Rules that stayed silent in a case which says so.
        problems: Expectations that were not met, with the place of the case.
    """

    fired: frozenset[str]
    silent: frozenset[str]
    problems: tuple[Problem, ...]


def run(file: CaseFile, overlays: tuple[str, ...] = ()) -> Seen:
    """Make the plan of every case and compare it with what the case expects."""
    problems: list[Problem] = []
    fired: set[str] = set()
    silent: set[str] = set()
    for index, case in enumerate(file.cases):
        place: Path = ("cases", index)
        try:
            decided = engine.decide(_spec(file, case, overlays))
            plan = writing.plan(decided, 0)
        except (AdvisorError, ValueError) as error:
            problems.append(Problem(sentence=f"{case.name!r} makes no plan: {error}", path=place))
            continue
        problems += _of_rules(case, decided, place)
        problems += _of_parameters(case, plan, place)
        problems += _of_plan(case, plan, place)
        fired |= set(case.fires)
        silent |= set(case.silent)
    return Seen(fired=frozenset(fired), silent=frozenset(silent), problems=tuple(problems))


def _spec(file: CaseFile, case: Case, overlays: tuple[str, ...]) -> Spec:
    family = {"model": {"family": file.family}}
    data = _laid_over(_laid_over(family, file.base), case.given)
    return Spec.model_validate({"version": 1, "knowledge": list(overlays), **data})


def _laid_over(base: Any, change: Any) -> Any:
    if not isinstance(base, Mapping) or not isinstance(change, Mapping):
        return change
    merged = {**base, **{key: _laid_over(base.get(key), value) for key, value in change.items()}}
    return {key: value for key, value in merged.items() if value is not None}


def _of_rules(case: Case, decided: Decided, place: Path) -> Iterator[Problem]:
    verdicts = {rule.id: verdict for rule, verdict in decided.judged}
    known = {rule.id for rule in decided.knowledge.rules}
    wanted = (("fires", case.fires, (True,)), ("silent", case.silent, (False, None)), ("waits", case.waits, (None,)))
    for field, rules, allowed in wanted:
        for rule in rules:
            verdict = verdicts.get(rule)
            if rule not in known:
                yield Problem(
                    sentence=f"no rule {rule!r}",
                    path=(*place, field, rules.index(rule)),
                    hint=did_you_mean(rule, known),
                )
            elif (verdict.holds if verdict else False) not in allowed:
                words = {True: "it fires", False: "it is silent", None: "it waits for a fact"}
                came = words[verdict.holds if verdict else False]
                because = f": {verdict.because}" if verdict else ""
                yield Problem(
                    sentence=f"{case.name!r}: {field} {rule!r}, but {came}{because}",
                    path=(*place, field, rules.index(rule)),
                )


def _of_parameters(case: Case, plan: Plan, place: Path) -> Iterator[Problem]:
    for name, expected in case.expect.items():
        here: Path = (*place, "expect", name)
        if name not in plan.parameters:
            yield Problem(
                sentence=f"{case.name!r}: the plan has no parameter {name!r}",
                path=here,
                hint=did_you_mean(name, plan.parameters),
            )
            continue
        yield from _compared(case, expected, _found(plan, name), here)


def _found(plan: Plan, name: str) -> dict[str, Any]:
    """Everything that a plan says of a parameter, in the words of ``Expected``."""
    first = next((stage for stage in plan.stages if name in stage.search), None)
    held = next((stage.fixed[name] for stage in plan.stages if name in stage.fixed), None)
    found: dict[str, Any] = {"searched": first is not None, "stage": first.id if first else None}
    if first is not None:
        searched = first.search[name]
        found |= {field: getattr(searched, field) for field in ("tier", "type", "low", "high", "choices")}
        found |= {"log": bool(searched.log), "value": searched.default}
    if held is not None:
        found |= {"value": held.value, "tier": found.get("tier", held.tier)}
    return found


def _of_plan(case: Case, plan: Plan, place: Path) -> Iterator[Problem]:
    found: dict[str, Any] = {
        "stages": len(plan.stages),
        "sampler": plan.stages[-1].sampler.name,
        "pruning": plan.pruning.advised,
        "confirm": plan.confirm is not None,
        "starts": len(plan.stages[0].start),
    }
    together = case.plan.together
    if together is not None:
        joined = {name: next((s.id for s in plan.stages if name in s.search), None) for name in together}
        found["together"] = together if len(set(joined.values())) == 1 and None not in joined.values() else joined
    yield from _compared(case, case.plan, found, (*place, "plan"))


def _compared(case: Case, expected: Frozen, found: Mapping[str, Any], place: Path) -> Iterator[Problem]:
    for field in sorted(expected.model_fields_set):
        wanted, came = getattr(expected, field), found.get(field)
        if wanted != came or isinstance(wanted, bool) != isinstance(came, bool):
            yield Problem(sentence=f"{case.name!r}: {field} should be {wanted!r}, not {came!r}", path=(*place, field))
