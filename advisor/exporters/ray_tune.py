"""Ray Tune: a space in its own words, drawn at random, as a Python module.

https://docs.ray.io/en/latest/tune/api/search_space.html. Ray's space has no conditions: all is drawn, and what has no
effect is dropped before training. As draws at random are independent, what is trained is the same. Its ``q*`` count
multiples of q from 0 and our steps count from ``low``, so a grid is written as its values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from advisor.exporters import _ray_tune
from advisor.exporters._python import listed, literal, mapping, quoted, remark, table
from advisor.exporters._writing import (
    MOST_VALUES,
    Loss,
    after_the_search,
    comment,
    conditions,
    effective,
    is_plain,
    known,
    lost_grid,
    needs,
    short_grid,
    unkept_constraints,
    why,
)
from advisor.plan import Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value

SUFFIX = ".py"
STAGES = False
COMMENTS = True
ALIASES = ("ray", "raytune", "tune")

_IMPORTS = ("from ray import tune", "from ray.tune.search.basic_variant import BasicVariantGenerator")
_EFFECTIVE = '''def effective(config):
    """The part of a configuration that has an effect."""
    return {
        name: value
        for name, value in config.items()
        if all(config[parent] in values for parent, values in CONDITIONS.get(name, {}).items())
    }
'''


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What Ray's own search cannot express of the stages."""
    (stage,) = stages
    if stage.sampler.name != "random":
        yield Loss(what=f"the sampler {stage.sampler.name}", instead="Ray draws at random; ray-tune-optuna does not")
    for name, searched in stage.search.items():
        yield from lost_grid(name, searched.domain, math.inf if searched.type == "int" else MOST_VALUES)
    needed = _conditions(stage)
    if needed:
        what = f"conditions of {', '.join(needed)}"
        yield Loss(what=what, instead="drawn and recorded always, and dropped by effective before training")
    for parent in sorted({parent for wanted in needed.values() for parent in wanted}):
        domain = stage.search[parent].domain
        if isinstance(domain, Choice) and len(set(domain.choices)) < len(domain.choices):
            instead = "Python takes them for one value where others depend on it"
            yield Loss(what=f"equal choices of {parent}, such as 1 and true", instead=instead, changes_meaning=True)
    yield from _starts(plan, stage)[1]
    yield from unkept_constraints(plan, stage, _ray_tune.UNKEPT)
    yield from _ray_tune.losses(plan)
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A Python module that runs the search."""
    (stage,) = stages
    needed = _conditions(stage)
    points = [mapping(point) for point in _starts(plan, stage)[0][: stage.trials]]
    arguments = f"random_state={stage.sampler.seed}, max_concurrent={plan.budget.parallel}"
    main = _ray_tune.main(
        plan,
        stage,
        search=f"    search = BasicVariantGenerator(points_to_evaluate=STARTS, {arguments})\n",
        tuner=["lambda config: train(effective(config))" if needed else "train", "param_space=param_space"],
        best="effective(best.config)" if needed else "best.config",
    )
    blocks = [
        comment(plan, stages, losses) + _ray_tune.head(plan, _IMPORTS),
        table("param_space = {", _space(stage), "}") + _condition_table(needed) + _ray_tune.start_list(points),
        *([_EFFECTIVE] if needed else []),
        main,
    ]
    return "\n\n".join(block.strip("\n") + "\n" for block in blocks)


def _space(stage: Stage) -> list[str]:
    """The lines of what has an effect in some configuration: what is searched, each below its reason, and held."""
    lines: list[str] = []
    for name, entry in effective(stage).items():
        if isinstance(entry, Searched):
            lines += [line.strip() for line in remark(why(entry), " " * 4).splitlines()]
        found = _distribution(entry.domain) if isinstance(entry, Searched) else literal(entry.value)
        lines.append(f"{quoted(name)}: {found},")
    return lines


def _distribution(domain: Choice | Numeric) -> str:
    if isinstance(domain, Choice):
        return f"tune.choice({listed(domain.choices)})"
    low, high = domain.low, domain.high
    if domain.integer and is_plain(domain):  # the upper end is left out
        return f"tune.{'lograndint' if domain.log else 'randint'}({int(low)}, {int(high) + 1})"
    if domain.integer:
        return f"tune.choice(range({int(low)}, {int(high) + 1}, {int(domain.step or 1)}))"
    if (values := short_grid(domain)) is not None:
        return f"tune.choice({listed(values)})"
    return f"tune.{'loguniform' if domain.log else 'uniform'}({literal(float(low))}, {literal(float(high))})"


def _conditions(stage: Stage) -> dict[str, Mapping[str, tuple[Value, ...]]]:
    """What has an effect only for some values of what is searched."""
    return {name: wanted for name in stage.entries if (wanted := needs(stage, name))}


def _condition_table(needed: Mapping[str, Mapping[str, tuple[Value, ...]]]) -> str:
    if not needed:
        return "\n"
    lines = []
    for name, wanted in needed.items():
        values = ", ".join(f"{quoted(parent)}: {listed(values)}" for parent, values in wanted.items())
        lines.append(f"{quoted(name)}: {{{values}}},")
    return f"\n# What has an effect only beside these values of others.\n{table('CONDITIONS = {', lines, '}')}\n"


def _starts(plan: Plan, stage: Stage) -> tuple[list[dict[str, Value]], list[Loss]]:
    """The known configurations that the space can hold, also with other held values; none that would move a parent."""
    found, lost = known(plan, stage)
    parents = {parent for entry in stage.entries.values() for parent in conditions(entry)}
    points: list[dict[str, Value]] = []
    for index, (point, moved) in found.items():
        amiss = [name for name in moved if name in parents or needs(stage, name) is None]
        if amiss:
            what = f"start {index} with {amiss[0]} {literal(moved[amiss[0]])}"
            lost.append(Loss(what=what, instead="left out; the stage holds it otherwise"))
        elif point | moved not in points:
            points.append(point | moved)
    return points, lost
