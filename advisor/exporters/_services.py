"""What exporters for services share: such a service starts each trial as a job of its own and gives it text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from advisor.exporters._writing import Loss, after_the_search, needs, unkept_constraints
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value, contains, is_number


def searched(stage: Stage) -> dict[str, Searched]:
    """What a stage searches and what can have an effect in it."""
    return {name: entry for name, entry in stage.search.items() if needs(stage, name) is not None}


def held(stage: Stage) -> dict[str, Held]:
    """What a stage holds and what can have an effect in it."""
    return {name: entry for name, entry in stage.fixed.items() if needs(stage, name) is not None}


def text(value: Value) -> str:
    """The value as the text that a trial gets: a word as it stands, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def is_random(stage: Stage) -> bool:
    """Whether what is drawn does not follow from results."""
    return stage.sampler.name in {"random", "quasi-random"}


def stops_early(plan: Plan) -> bool:
    """Whether a service that compares with the median can stop trials as the plan advises."""
    return plan.pruning.advised and plan.pruning.method == "median" and plan.pruning.from_step is not None


def counts_from_zero(domain: Numeric) -> bool:
    """Whether a grid is made of multiples of its step, so that it does not matter where steps are counted from."""
    return contains(Numeric(low=0, high=abs(domain.low), step=domain.step), abs(domain.low))


def lost_conditions(stage: Stage) -> Iterator[Loss]:
    """What has an effect only beside some values, for a service that cannot say so."""
    for name in stage.entries:
        if needs(stage, name):
            verb = "searched" if name in stage.search else "passed"
            instead = f"it is {verb} always, also where it has no effect"
            yield Loss(what=f"the condition of {name}", instead=instead, changes_meaning=True)


def lost_choices(stage: Stage) -> Iterator[Loss]:
    """Choices that are one once they are text."""
    for name, entry in searched(stage).items():
        choices = entry.domain.choices if isinstance(entry.domain, Choice) else ()
        for word, count in Counter(map(text, choices)).items():
            if count > 1:
                what, instead = f"equal choices of {name}", f"as text both are {word!r}"
                yield Loss(what=what, instead=instead, changes_meaning=True)


def lost_types(stage: Stage) -> Iterator[Loss]:
    """Values that a trial cannot tell from text."""
    for name, entry in searched(stage).items():
        choices = entry.domain.choices if isinstance(entry.domain, Choice) else ()
        if not (all(map(is_number, choices)) or all(isinstance(choice, str) for choice in choices)):
            yield Loss(what=f"the types of the choices of {name}", instead="a trial gets text, as JSON writes it")
    words = [name for name, entry in held(stage).items() if entry.value is None or isinstance(entry.value, bool)]
    if words:
        instead = "a trial gets the word null, true or false"
        yield Loss(what=f"the types of what is held: {', '.join(words)}", instead=instead)


def lost_advice(plan: Plan, stage: Stage, service: str) -> Iterator[Loss]:
    """What a plan advises and no service of the kind can do."""
    yield from unkept_constraints(plan, stage, f"{service} has none; report a bad score where it does not hold")
    if plan.stages[0].start:
        yield Loss(what="known configurations to start from", instead="run them yourself before the search")
    yield from after_the_search(plan, stage)
