"""Optuna: the stages as one Python module that needs nothing but Optuna.

Every stage is a study of its own: narrowing a range inside one study would end the sampler's joint model. Earlier
trials that lie in the new ranges are carried over. A known configuration is checked here, as Optuna would run it also
outside the ranges.
"""

from __future__ import annotations

import ast
import json
import math
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from advisor import constraints
from advisor.exporters import _optuna_text
from advisor.exporters._writing import Loss, active_fixed, comment, conditional, starts, why
from advisor.plan import Held, Plan, Searched, Stage
from advisor.record import PlanConstraint
from advisor.space import Choice, Numeric, Value, is_number, same

SUFFIX = ".py"
STAGES = True
COMMENTS = True

_WIDTH = 120


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What the module does not do of the stages."""
    yield from starts(plan, stages[0])[1]
    for stage in stages:
        yield from _of_sampler(stage)
        for name, searched in stage.search.items():
            yield from _of_domain(name, searched.domain)
        if stage.narrow.keep is not None and _narrow_names(stage) and not _narrows(stage, stages):
            what = f"the narrowing of stage {stage.id} from stage {stage.narrow.from_}"
            yield Loss(what=what, instead="the whole ranges are searched")
    for constraint in _constraints(plan, stages):
        what = f"the constraint {constraint.expression} in what is drawn"
        yield Loss(what=what, instead="a trial that breaks it is pruned unevaluated, and counts")
    if plan.pruning.advised:
        instead = "objective reports nothing on the way; every trial runs to its end"
        yield Loss(what=f"pruning by {plan.pruning.method}", instead=instead)
    if plan.confirm is not None:
        what = f"the confirmation of {plan.confirm.finalists} finalists"
        yield Loss(what=what, instead=f"run each {plan.confirm.repeats} times afterwards")


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A Python module that runs the stages."""
    kept = _constraints(plan, stages)
    narrows = any(_narrows(stage, stages) for stage in stages)
    blocks = [comment(plan, stages, losses) + _head(plan, narrows=narrows) + _starts(plan, stages[0])]
    if kept:
        blocks[0] += _constraint_table(kept)
    blocks += [_suggest(stage, stages) for stage in stages]
    blocks.append(_optuna_text.SEARCH.format(prune=_optuna_text.PRUNE if kept else ""))
    blocks += [_optuna_text.BREAKS] if kept else []
    blocks += [_optuna_text.NARROW] if narrows else []
    blocks += [_run(stages), _optuna_text.MAIN]
    return "\n\n".join(block.strip("\n") + "\n" for block in blocks)


# Losses


def _of_sampler(stage: Stage) -> Iterator[Loss]:
    if stage.sampler.name == "quasi-random":
        yield Loss(what=f"quasi-random points in stage {stage.id}", instead="random ones, which need no scipy")
    if stage.sampler.name == "gp":
        yield Loss(what=f"stage {stage.id} with Optuna alone", instead="its GPSampler needs torch and scipy too")


def _of_domain(name: str, domain: Numeric | Choice) -> Iterator[Loss]:
    if isinstance(domain, Choice):
        if len(set(domain.choices)) < len(domain.choices):
            instead = "Python takes them for one value"
            yield Loss(what=f"equal choices of {name}, such as 1 and true", instead=instead, changes_meaning=True)
    elif domain.log and not _is_log(domain):
        yield Loss(what=f"the log scale of {name}", instead="its grid is searched, all values alike")


# Values as Python, as ruff would write them


def _literal(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return f'float("{value}")' if isinstance(value, float) and not math.isfinite(value) else repr(value)


def _quoted(text: str) -> str:
    double = json.dumps(text, ensure_ascii=False)
    if text.count('"') <= text.count("'"):
        return double
    return "'" + double[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def _tuple(values: Sequence[Value]) -> str:
    return f"({', '.join(map(_literal, values))}{',' if len(values) == 1 else ''})"


def _call(opening: str, arguments: Sequence[str], closing: str, indent: str) -> str:
    """A call or a list in one line where it fits, else with one argument a line."""
    line = f"{indent}{opening}{', '.join(arguments)}{closing}"
    if len(line) <= _WIDTH:
        return f"{line}\n"
    lines = [f"{indent}    {argument},\n" for argument in arguments]
    if any(len(one) > _WIDTH for one in (indent + opening, *lines)):
        return f"{line}  # fmt: skip\n"
    return f"{indent}{opening}\n{''.join(lines)}{indent}{closing}\n"


def _table(name: str, entries: Mapping[str, str], indent: str = "") -> str:
    if not entries:
        return f"{indent}{name} = {{}}\n"
    lines = "".join(f"{indent}    {_quoted(key)}: {value},\n" for key, value in entries.items())
    return f"{indent}{name} = {{\n{lines}{indent}}}\n"


def _remark(text: str, indent: str) -> str:
    width = _WIDTH - len(indent)
    lines = textwrap.wrap(text, width, initial_indent="# ", subsequent_indent="# ", break_long_words=False)
    return "".join(f"{indent}{line}\n" for line in lines)


# The head


def _head(plan: Plan, *, narrows: bool) -> str:
    names = ["functools", "math", "statistics", "warnings"] if narrows else ["warnings"]
    return _optuna_text.IMPORTS.format(
        imports="".join(f"import {name}\n" for name in names),
        sentence=_quoted(f"replace objective(config): train with config and return {plan.objective.metric}")
        if len(plan.objective.metric) < _WIDTH // 4
        else '"replace objective(config): train with config and return the score"',
        direction=_quoted(plan.objective.direction),
    )


def _starts(plan: Plan, stage: Stage) -> str:
    text = ""
    for start in plan.stages[0].start:
        first = plan.stages[0].having(start=(start,), start_why=())
        points, _ = starts(plan.having(stages=(first, *plan.stages[1:])), stage)
        for point in points:
            entry = _start(point, _moved(stage, start))
            text += entry if entry not in text else ""
    if not text:
        return "STARTS = []\n"
    remark = "# Known configurations, evaluated first: what is searched, and what they set unlike the stage."
    return f"{remark}\nSTARTS = [\n{text}]\n"


def _moved(stage: Stage, start: Mapping[str, Value]) -> dict[str, Value]:
    """What a known configuration sets otherwise than the stage holds it."""
    held = {name: stage.fixed[name] for name in start if name in stage.fixed}
    return {n: start[n] for n, h in held.items() if h.active is False or not same(h.value, start[n])}


def _start(point: Mapping[str, Value], moved: Mapping[str, Value]) -> str:
    line = f"    ({_inline(point)}, {_inline(moved)}),\n"
    return line if len(line) <= _WIDTH else f"    (\n{_nested(point)}{_nested(moved)}    ),\n"


def _inline(values: Mapping[str, Value]) -> str:
    return "{" + ", ".join(f"{_quoted(name)}: {_literal(value)}" for name, value in values.items()) + "}"


def _nested(values: Mapping[str, Value]) -> str:
    indent = " " * 8
    lines = "".join(f"{indent}    {_quoted(name)}: {_literal(value)},\n" for name, value in values.items())
    return f"{indent}{{\n{lines}{indent}}},\n" if lines else f"{indent}{{}},\n"


# Constraints


def _constraints(plan: Plan, stages: tuple[Stage, ...]) -> tuple[PlanConstraint, ...]:
    searched = {name for stage in stages for name in stage.search}
    return tuple(c for c in plan.constraints if constraints.names(c.expression) & searched)


def _constraint_table(kept: Sequence[PlanConstraint]) -> str:
    lines = []
    for constraint in kept:
        names = _tuple(sorted(constraints.names(constraint.expression)))
        condition = f"        lambda config: {_condition(constraint.expression)},"
        lines += ["    (", f"        {names},", condition, f"        {_odd(constraint)},", "    ),"]
    table = "\n".join(["CONSTRAINTS = [", *lines, "]"])
    if any(len(line) > _WIDTH for line in lines):
        table = f"# fmt: off\n{table}\n# fmt: on"
    remark = (
        "# The names that a constraint speaks of, whether it holds, and values that mean another number or no limit."
    )
    return f"{remark}\n{table}\n"


def _odd(constraint: PlanConstraint) -> str:
    odd = constraint.no_limits or ()
    entries = (f"({_quoted(one.parameter)}, {_literal(one.value)}): {_literal(one.acts_as)}" for one in odd)
    return f"{{{', '.join(entries)}}}"


def _condition(expression: str) -> str:
    """A constraint as Python over ``config``."""
    tree = constraints.parsed(expression)
    words: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            words.append(f"config[{_quoted(node.id)}]")
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
        self.words.append(_quoted(node.value))
        return ast.Name(id=f"_word_{len(self.words) - 1}_", ctx=ast.Load())


# What a stage searches


def _suggest(stage: Stage, stages: tuple[Stage, ...]) -> str:
    narrows = _narrow_names(stage) if _narrows(stage, stages) else ()
    which = " ".join(f"Stage {stage.id}: {stage.name}, {stage.trials} trials.".split())
    ranges = _ranges(stage, narrows) if narrows else ""
    arguments = f"trial, ranges=RANGES_{stage.id}" if narrows else "trial"
    text = f"{_remark(which, '')}{ranges}def suggest_{stage.id}({arguments}):\n"
    text += f'    """The configuration of a trial in stage {stage.id}."""\n'
    text += _table("config", {name: _literal(value) for name, value in active_fixed(stage).items()}, "    ")
    for name, entry in _in_order(stage):
        indent = "    "
        if isinstance(entry, Searched):
            text += _remark(why(entry), indent)
        if entry.when:
            text += _if(stage, entry)
            indent += "    "
        text += _assignment(name, entry, indent, narrows)
    return f"{text}    return config\n"


def _ranges(stage: Stage, names: Sequence[str]) -> str:
    domains = {name: _numeric(stage.search[name]) for name in names}
    ranges = {name: _tuple(_ends(domain)) for name, domain in domains.items()}
    limits = {name: _limits(stage, stage.search[name], domain) for name, domain in domains.items()}
    return _table(f"RANGES_{stage.id}", ranges) + _table(f"LIMITS_{stage.id}", limits) + "\n\n"


def _limits(stage: Stage, searched: Searched, domain: Numeric) -> str:
    least, most = _ends(domain)
    if stage.narrow.extend_at_edge and searched.limits is not None:
        least, most = searched.limits.low, searched.limits.high  # type: ignore[assignment]
    if _is_log(domain) and (least is None or least <= 0):
        least = 1 if domain.integer else None  # type: ignore[assignment]
    step = domain.step or (1 if domain.integer else None)
    entries = {"least": least, "most": most, "log": _is_log(domain), "step": step}
    return "{" + ", ".join(f"{_quoted(key)}: {_literal(value)}" for key, value in entries.items()) + "}"


def _in_order(stage: Stage) -> Iterator[tuple[str, Searched | Held]]:
    """What is searched or has a condition, each after those that it depends on."""
    waiting = {
        name: entry
        for name, entry in stage.entries.items()
        if isinstance(entry, Searched) or (entry.when and entry.active is not False)
    }
    while waiting:
        ready = [name for name, entry in waiting.items() if not waiting.keys() & (entry.when or {}).keys()]
        for name in ready:
            yield name, waiting.pop(name)


def _if(stage: Stage, entry: Searched | Held) -> str:
    tests = []
    for parent, wanted in (entry.when or {}).items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        of = stage.entries[parent]
        certain = not of.when and not (isinstance(of, Held) and of.active is False)
        got = f"config[{_quoted(parent)}]" if certain else f"config.get({_quoted(parent)})"
        if not certain and None in values:
            tests.append(f"{_quoted(parent)} in config")
        tests.append(_is(got, values))
    line = f"    if {' and '.join(tests)}:"
    return f"{line}\n" if len(line) <= _WIDTH else f"{line}  # fmt: skip\n"


def _is(got: str, values: Sequence[Value]) -> str:
    if len(values) > 1:
        return f"{got} in {_tuple(values)}"
    sign = "is" if values[0] is None or isinstance(values[0], bool) else "=="
    return f"{got} {sign} {_literal(values[0])}"


def _assignment(name: str, entry: Searched | Held, indent: str, narrows: Sequence[str]) -> str:
    left = f"config[{_quoted(name)}] = "
    if isinstance(entry, Held):
        return f"{indent}{left}{_literal(entry.value)}\n"
    domain = entry.domain
    if isinstance(domain, Choice):
        inner = ", ".join(map(_literal, domain.choices))
        return _call(f"{left}trial.suggest_categorical(", [_quoted(name), f"[{inner}]"], ")", indent)
    ends = [_literal(end) for end in _ends(domain)]
    arguments = [_quoted(name), *([f"*ranges[{_quoted(name)}]"] if name in narrows else ends)]
    arguments += ["log=True"] if _is_log(domain) else []
    arguments += [f"step={_literal(_step(domain))}"] if domain.step is not None and not _is_log(domain) else []
    return _call(f"{left}trial.suggest_{'int' if domain.integer else 'float'}(", arguments, ")", indent)


# Numbers


def _numeric(searched: Searched) -> Numeric:
    assert isinstance(searched.domain, Numeric)  # noqa: S101 - only such are asked for
    return searched.domain


def _is_log(domain: Numeric) -> bool:
    """Whether Optuna can draw it on a logarithmic scale: never with a step, but 1 for whole numbers."""
    return domain.log and (domain.step is None or (domain.integer and domain.step == 1))


def _step(domain: Numeric) -> float | None:
    return int(domain.step) if domain.step is not None and domain.integer else domain.step


def _ends(domain: Numeric) -> tuple[float, float]:
    """The least and the greatest value that can be drawn."""
    low, high = domain.low, domain.high
    if domain.step is not None:
        high = low + int((high - low) / domain.step + 1e-9) * domain.step
        high = high if isinstance(high, int) else float(f"{high:.12g}")
    return (int(low), int(high)) if domain.integer else (low, high)


# The run


def _narrow_names(stage: Stage) -> tuple[str, ...]:
    kept = stage.narrow.open or ()
    return tuple(name for name, s in stage.search.items() if name not in kept and is_number(s.low))


def _narrows(stage: Stage, stages: Sequence[Stage]) -> bool:
    narrow = stage.narrow
    known = narrow.from_ in {other.id for other in stages}
    return known and narrow.keep is not None and bool(_narrow_names(stage))


def _run(stages: tuple[Stage, ...]) -> str:
    text = 'def run(objective):\n    """Run every stage and return all trials that ran."""\n    done = []\n'
    text += "    with warnings.catch_warnings():\n"
    text += '        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)\n'
    for stage in stages:
        suggest = f"suggest_{stage.id}"
        text += _remark(" ".join(f"Stage {stage.id}: {stage.name}.".split()), " " * 8)
        if _narrows(stage, stages):
            keep, least = stage.narrow.keep, stage.narrow.at_least or 1
            ranges = f"RANGES_{stage.id}, LIMITS_{stage.id}"
            text += f"        ranges = narrowed({ranges}, done, keep={keep!r}, at_least={least})\n"
            suggest = f"functools.partial({suggest}, ranges=ranges)"
        text += f"        sampler = {_sampler(stage)}\n"
        first = ", STARTS" if stage is stages[0] else ""
        text += f"        done += search(objective, {suggest}, {stage.trials}, sampler, done{first})\n"
    return f"{text}    return done\n"


def _sampler(stage: Stage) -> str:
    sampler = stage.sampler
    if sampler.name in {"random", "quasi-random"}:
        return f"optuna.samplers.RandomSampler(seed={sampler.seed})"
    common = f"seed={sampler.seed}, n_startup_trials={sampler.startup}"
    if sampler.name == "gp":
        return f"optuna.samplers.GPSampler({common})"
    group = ", group=True" if conditional(stage) else ""
    return f"optuna.samplers.TPESampler({common}, multivariate=True{group})"
