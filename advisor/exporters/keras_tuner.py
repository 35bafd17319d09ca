"""Keras Tuner: a function that asks its hyperparameters for a configuration, as a Python module.

https://keras.io/keras_tuner/api/hyperparameters/. Its ``Choice`` has values of one type, makes whole numbers of truth
values and orders numbers only; its ``Float`` may miss the last value of a grid, so a grid is written as its values. Its
``conditional_scope`` finds a parent only beside the very conditions of that, so a condition is said to it where the
parent has none; what has no effect is left out in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from advisor.exporters._flat import CONFIG, drawn, needs_words, tables, word, written
from advisor.exporters._python import call, listed, literal, quoted, remark
from advisor.exporters._writing import (
    Loss,
    after_the_search,
    comment,
    default,
    idle,
    lost_grid,
    needs,
    of_gaussian_process,
    unkept_constraints,
    why,
)
from advisor.plan import Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value

SUFFIX = ".py"
COMMENTS = True
STAGES = False

_GOALS = {"maximize": "max", "minimize": "min"}


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What Keras Tuner cannot express of the stage."""
    (stage,) = stages
    yield from idle(stage)
    for name, searched in stage.search.items():
        needed = needs(stage, name)
        if needed and _scope(stage, name) is None:
            what = f"the condition of {name} in what Keras Tuner draws"
            yield Loss(what=what, instead="config leaves it out afterwards")
        if needed is not None and isinstance(searched.domain, Numeric):
            yield from lost_grid(name, searched.domain)
        elif needed is not None and _loses_order(searched):
            yield Loss(what=f"the order of the choices of {name}", instead="only numbers of one type have one")
    yield from unkept_constraints(plan, stage, "Keras Tuner has none; return a bad score where it does not hold")
    if plan.stages[0].start:
        instead = "run them yourself; Keras Tuner begins with the defaults"
        yield Loss(what="known configurations to start from", instead=instead)
    if stage.sampler.name in {"tpe", "quasi-random"}:
        instead = "random points" if stage.sampler.name == "quasi-random" else "its BayesianOptimization"
        yield Loss(what=f"the sampler {stage.sampler.name}", instead=instead)
    yield from of_gaussian_process(stage)
    if plan.pruning.advised:
        yield Loss(what=f"pruning by {plan.pruning.method}", instead="every trial runs to its end, but for Hyperband")
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A module with ``configuration``."""
    (stage,) = stages
    parents_first = sorted(drawn(stage).items(), key=lambda found: bool(needs(stage, found[0])))
    asked = "".join(_asked(stage, name, searched) for name, searched in parents_first)
    function = (
        'def configuration(hp):\n    """The configuration of a trial; ask it in your build(hp)."""\n'
        f"    drawn = {{}}\n{asked}    return config(drawn)\n"
    )
    data = "\n".join([comment(plan, stages, losses), *tables(stage)])
    blocks = (data, function, CONFIG, _tuner(plan, stage))
    return "\n\n".join(block.strip("\n") + "\n" for block in blocks)


def _tuner(plan: Plan, stage: Stage) -> str:
    goal = f"keras_tuner.Objective({quoted(plan.objective.metric)}, {quoted(_GOALS[plan.objective.direction])})"
    is_random = stage.sampler.name in {"random", "quasi-random"}
    name = "RandomSearch" if is_random else "BayesianOptimization"
    initial = "" if is_random else f", num_initial_points={stage.sampler.startup}"
    arguments = f"objective={goal}, max_trials={stage.trials}, seed={stage.sampler.seed}{initial}"
    return f"# keras_tuner.{name}(build, {arguments})\n"


# What is asked


def _asked(stage: Stage, name: str, searched: Searched) -> str:
    scope = _scope(stage, name)
    indent = "    " if scope is None else "        "
    text = remark(why(searched), "    ")
    if scope is not None:
        parent, values = scope
        text += call("with hp.conditional_scope(", [quoted(parent), listed(values)], "):", "    ")
    function, arguments = _question(searched)
    given = default(searched)
    start = f"default={literal(word(searched.domain, given))}"
    return text + call(f"drawn[{quoted(name)}] = hp.{function}(", [quoted(name), *arguments, start], ")", indent)


def _scope(stage: Stage, name: str) -> tuple[str, Sequence[Value]] | None:
    """The one parent on which a parameter depends, and the words for its values; None where that is not all."""
    needed = [*(needs(stage, name) or {}).items()]
    if len(needed) != 1 or needed[0][0] not in drawn(stage):
        return None
    parent, values = needed[0]
    return parent, [word(stage.search[parent].domain, value) for value in values]


def _question(searched: Searched) -> tuple[str, list[str]]:
    """The function of Keras Tuner for a domain, and what it is asked beside the name."""
    domain = searched.domain
    values = written(domain)
    if values is None:
        assert isinstance(domain, Numeric)  # noqa: S101 - choices have values
        kind = int if domain.integer else float
        scale = ['sampling="log"'] if domain.log else []
        return "Int" if domain.integer else "Float", [repr(kind(domain.low)), repr(kind(domain.high)), *scale]
    words = [word(domain, value) for value in values]
    if isinstance(words[0], bool):
        return "Boolean", []
    has_order = (isinstance(domain, Numeric) or domain.ordered) and not isinstance(words[0], str)
    return "Choice", [listed(words), f"ordered={has_order}"]


def _loses_order(searched: Searched) -> bool:
    domain = searched.domain
    if not isinstance(domain, Choice) or not domain.ordered or len(domain.choices) == 1:
        return False
    return needs_words(domain) or not isinstance(domain.choices[0], int | float) or isinstance(domain.choices[0], bool)
