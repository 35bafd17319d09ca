"""Optuna: the stages as one Python module that needs nothing but Optuna.

Every stage is a study of its own: narrowing a range inside one study would end the sampler's joint model. Earlier
trials that lie in the new ranges are carried over. A known configuration is checked here, as Optuna would run it also
outside the ranges.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Sequence

from advisor import constraints, handover, narrowing, suggesting
from advisor.exporters import _define_by_run, _optuna_text
from advisor.exporters._define_by_run import ends, is_log
from advisor.exporters._python import WIDTH, assigned, literal, quoted, remark, several
from advisor.exporters._writing import Loss, comment, known, unconfirmed, unnarrowed
from advisor.plan import OPENING, Plan, Searched, Stage
from advisor.record import PlanConstraint
from advisor.space import Numeric

SUFFIX = ".py"
STAGES = True
COMMENTS = True


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What the module does not do of the stages."""
    yield from known(plan, stages[0])[1]
    for stage in stages:
        yield from _of_sampler(stage)
        for name, searched in stage.search.items():
            yield from _define_by_run.losses(name, searched.domain)
        if _before(stage, stages) is None:
            yield from unnarrowed(stage)
    for constraint in _constraints(plan, stages):
        what = f"the constraint {constraint.expression} in what is drawn"
        yield Loss(what=what, instead="a trial that breaks it is pruned unevaluated, and counts")
    if plan.pruning.advised:
        instead = "objective reports nothing on the way; every trial runs to its end"
        yield Loss(what=f"pruning by {plan.pruning.method}", instead=instead)
    yield from unconfirmed(plan)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A Python module that runs the stages."""
    kept = _constraints(plan, stages)
    narrows = any(_follows(stage, stages) for stage in stages)
    winsorizes = any(stage.sampler.winsorized for stage in stages)
    blocks = [
        comment(plan, stages, losses)
        + _head(plan, narrows=narrows, winsorizes=winsorizes)
        + _define_by_run.start_table(plan, stages[0])
    ]
    if kept:
        blocks[0] += _constraint_table(kept)
    blocks += [_suggest(stage, stages) for stage in stages]
    prune = _optuna_text.PRUNE if kept else ""
    blocks.append(_optuna_text.SEARCH.format(prune=prune, repeated=suggesting.MOST_REPEATED))
    blocks += [_optuna_text.WINSORIZED] if winsorizes else []
    blocks += [_optuna_text.IN_TURNS] if any(stage.sampler.name == "gp" for stage in stages) else []
    blocks += [_optuna_text.BREAKS] if kept else []
    blocks += [_narrow()] if narrows else []
    blocks += [_run(stages), _optuna_text.MAIN]
    return "\n\n".join(block.strip("\n") + "\n" for block in blocks)


# Losses


def _of_sampler(stage: Stage) -> Iterator[Loss]:
    if stage.sampler.name == "quasi-random":
        yield Loss(what=f"quasi-random points in stage {stage.id}", instead="random ones, which need no scipy")
    if stage.sampler.name == "gp":
        yield Loss(what=f"the sampler gp in stage {stage.id} where torch is missing", instead="TPE takes its place")


# The head


def _head(plan: Plan, *, narrows: bool, winsorizes: bool) -> str:
    names = ["bisect", "functools", "math"] if narrows else []
    names += ["statistics"] if narrows or winsorizes else []
    names += ["warnings"]
    found = [_define_by_run.FIND_SPEC] if any(stage.sampler.name == "gp" for stage in plan.stages) else []
    return _optuna_text.IMPORTS.format(
        imports="".join(f"{line}\n" for line in [*(f"import {name}" for name in names), *found]),
        sentence=quoted(f"replace objective(config): train with config and return {plan.objective.metric}")
        if len(plan.objective.metric) < WIDTH // 4
        else '"replace objective(config): train with config and return the score"',
        direction=quoted(plan.objective.direction),
    )


# Constraints


def _constraints(plan: Plan, stages: tuple[Stage, ...]) -> tuple[PlanConstraint, ...]:
    searched = {name for stage in stages for name in stage.search}
    return tuple(c for c in plan.constraints if constraints.names(c.expression) & searched)


def _constraint_table(kept: Sequence[PlanConstraint]) -> str:
    lines = []
    for constraint in kept:
        names = several(sorted(constraints.names(constraint.expression)))
        condition = f"        lambda config: {_condition(constraint.expression)},"
        lines += ["    (", f"        {names},", condition, f"        {_odd(constraint)},", "    ),"]
    table = "\n".join(["CONSTRAINTS = [", *lines, "]"])
    if any(len(line) > WIDTH for line in lines):
        table = f"# fmt: off\n{table}\n# fmt: on"
    note = "# The names that a constraint speaks of, whether it holds, and values that mean another number or no limit."
    return f"{note}\n{table}\n"


def _odd(constraint: PlanConstraint) -> str:
    odd = constraint.no_limits or ()
    entries = (f"({quoted(one.parameter)}, {literal(one.value)}): {literal(one.acts_as)}" for one in odd)
    return f"{{{', '.join(entries)}}}"


def _condition(expression: str) -> str:
    """A constraint as Python over ``config``."""
    tree = constraints.parsed(expression)
    words: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            words.append(f"config[{quoted(node.id)}]")
            node.id = f"_word_{len(words) - 1}_"
    text = ast.unparse(_Words(words).visit(tree))
    text = re.sub(r"(?<![\w.])([\d.]+) \*\* (-?[\d.]+)(?![\w.])", r"\1**\2", text)
    return re.sub(r"_word_(\d+)_", lambda match: words[int(match[1])], text)


class _Words(ast.NodeTransformer):
    """Words in quotes become names that stand for them."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """A word is remembered; a number stays."""
        if not isinstance(node.value, str):
            return node
        self.words.append(quoted(node.value))
        return ast.Name(id=f"_word_{len(self.words) - 1}_", ctx=ast.Load())


# What a stage searches


def _suggest(stage: Stage, stages: tuple[Stage, ...]) -> str:
    narrows = _follows(stage, stages)
    which = " ".join(f"Stage {stage.id}: {stage.name}, {stage.trials} trials.".split())
    ranges = _ranges(stage, stages) if narrows else ""
    text = f"{remark(which)}{ranges}"
    return text + _define_by_run.function(f"suggest_{stage.id}", stage, narrows)


def _ranges(stage: Stage, stages: Sequence[Stage]) -> str:
    """The tables of ranges that follow from an earlier stage, of how far they may move, and of those that open."""
    domains = {name: _numeric(stage.search[name]) for name in _follows(stage, stages)}
    text = assigned(f"RANGES_{stage.id}", {name: several(ends(domain)) for name, domain in domains.items()})
    if narrowed := _narrowed(stage, stages):
        limits = {name: _limits(stage, stage.search[name], domains[name]) for name in narrowed}
        text += assigned(f"LIMITS_{stage.id}", limits)
    before, opened = _before(stage, stages), _opened(stage, stages)
    if before is not None and opened:
        inner = {name: (several(ends(_numeric(before.search[name]))), is_log(domains[name])) for name in opened}
        text += assigned(f"INNER_{stage.id}", {name: f"({old}, {log})" for name, (old, log) in inner.items()})
    return f"{text}\n\n"


def _limits(stage: Stage, searched: Searched, domain: Numeric) -> str:
    step = domain.step or (1 if domain.integer else None)
    limits = several(handover.reach(stage, searched))
    return f'{{"limits": {limits}, "log": {is_log(domain)}, "step": {literal(step)}}}'


# Numbers


def _numeric(searched: Searched) -> Numeric:
    assert isinstance(searched.domain, Numeric)  # noqa: S101 - only such are asked for
    return searched.domain


# The run


def _before(stage: Stage, stages: Sequence[Stage]) -> Stage | None:
    """The stage whose results say what this one searches, where the module has it."""
    return next((other for other in stages if other.id == stage.narrow.from_), None)


def _narrowed(stage: Stage, stages: Sequence[Stage]) -> tuple[str, ...]:
    """The ranges that follow from an earlier stage of the module."""
    before = _before(stage, stages)
    return () if before is None or stage.narrow.keep is None else handover.narrowable(stage, before)


def _opened(stage: Stage, stages: Sequence[Stage]) -> tuple[str, ...]:
    """The ranges that are wider than in an earlier stage of the module, and open by what came of that."""
    before = _before(stage, stages)
    return () if before is None or stage.narrow.edge is None else handover.wider(stage, before)


def _follows(stage: Stage, stages: Sequence[Stage]) -> tuple[str, ...]:
    """The ranges that are known only when an earlier stage has been run."""
    return tuple(dict.fromkeys([*_narrowed(stage, stages), *_opened(stage, stages)]))


def _narrow() -> str:
    """The rules by which ranges narrow and open, word for word as the plan is run by advisor itself."""
    return _optuna_text.NARROW.format(
        luck=narrowing.LUCK,
        least=narrowing.LEAST,
        best=OPENING,
        narrowed=inspect.getsource(narrowing.narrowed),
        opened=inspect.getsource(narrowing.opened),
        trend=inspect.getsource(narrowing.trend),
    )


def _unproposed(stage: Stage, narrows: Sequence[str]) -> str:
    """What a known configuration has of parameters without effect in it, within the ranges as they are by then."""
    values = {
        name: f"min(max({literal(value)}, ranges[{quoted(name)}][0]), ranges[{quoted(name)}][1])"
        if name in narrows
        else literal(value)
        for name, value in suggesting.unproposed(stage).items()
    }
    if not values:
        return ""
    why = remark("What a known configuration counts as having of parameters without effect in it.", " " * 8)
    return why + assigned("unproposed", values, " " * 8)


def _run(stages: tuple[Stage, ...]) -> str:
    text = 'def run(objective):\n    """Run every stage and return all trials that ran."""\n    done = []\n'
    text += "    ranges = {}\n" if any(_follows(stage, stages) for stage in stages) else ""
    text += "    with warnings.catch_warnings():\n"
    text += '        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)\n'
    for stage in stages:
        suggest = f"suggest_{stage.id}"
        text += remark(" ".join(f"Stage {stage.id}: {stage.name}.".split()), " " * 8)
        if _follows(stage, stages):
            text += _following(stage, stages)
            suggest = f"functools.partial({suggest}, ranges=ranges)"
        text += _define_by_run.sampler(stage, " " * 8, "WinsorizedGPSampler", "InTurns")
        unproposed = _unproposed(stage, _follows(stage, stages))
        text += unproposed
        first = ", STARTS" if stage is stages[0] else ""
        others = ", unproposed=unproposed" if unproposed else ""
        text += f"        done += search(objective, {suggest}, {stage.trials}, sampler, done{first}{others})\n"
    return f"{text}    return done\n"


def _following(stage: Stage, stages: Sequence[Stage]) -> str:
    """The lines that make the ranges of a stage from what was done."""
    rule, indent = stage.narrow, " " * 8
    opened = f"{indent}opened = opening(RANGES_{stage.id}, ranges, INNER_{stage.id}, done, edge={rule.edge!r})\n"
    text = opened if _opened(stage, stages) else ""
    text += f"{indent}ranges = {{name: ranges.get(name, ends) for name, ends in RANGES_{stage.id}.items()}}\n"
    if _narrowed(stage, stages):
        arguments = f"ranges, LIMITS_{stage.id}, done, keep={rule.keep!r}, at_least={rule.at_least or 1}"
        text += f"{indent}ranges = following({arguments})\n"
    return text + (f"{indent}ranges |= opened\n" if _opened(stage, stages) else "")
