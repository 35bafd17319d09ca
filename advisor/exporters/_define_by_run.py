"""What a stage searches as Python that asks an Optuna trial, for each target that runs on Optuna."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from advisor import suggesting
from advisor.exporters._python import WIDTH, assigned, call, listed, literal, mapping, quoted, remark, several
from advisor.exporters._writing import Loss, active_fixed, conditional, is_plain, known, needs, of_gaussian_process, why
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value, trimmed

_PROCESS: Final = "optuna.samplers.GPSampler"


def losses(name: str, domain: Numeric | Choice) -> Iterator[Loss]:
    """What Optuna cannot express of a domain."""
    if isinstance(domain, Choice):
        if len(set(domain.choices)) < len(domain.choices):
            instead = "Python takes them for one value"
            yield Loss(what=f"equal choices of {name}, such as 1 and true", instead=instead, changes_meaning=True)
    elif domain.log and not is_log(domain):
        yield Loss(what=f"the log scale of {name}", instead="its grid is searched, all values alike")


def function(name: str, stage: Stage, narrows: Sequence[str] = ()) -> str:
    """A function of a trial that returns its configuration in a stage; what narrows takes its ends from ``ranges``."""
    arguments = f"trial, ranges=RANGES_{stage.id}" if narrows else "trial"
    text = f'def {name}({arguments}):\n    """The configuration of a trial in stage {stage.id}."""\n'
    text += assigned("config", {key: literal(value) for key, value in active_fixed(stage).items()}, "    ")
    for key, entry in _in_order(stage):
        if (wanted := needs(stage, key)) is None:
            if isinstance(entry, Searched) and stage.proposes_all:
                text += remark(f"Without effect in this stage: {key}.", "    ")
                text += _proposal("_", key, entry, "    ", narrows)
            continue
        if isinstance(entry, Searched):
            text += remark(why(entry), "    ")
        if isinstance(entry, Searched) and wanted and stage.proposes_all:
            text += _proposal("proposed", key, entry, "    ", narrows)
            text += f"{_if(wanted)}        config[{quoted(key)}] = proposed\n"
        else:
            text += _if(wanted) + _assignment(key, entry, "        " if wanted else "    ", narrows)
    return f"{text}    return config\n"


def _in_order(stage: Stage) -> Iterator[tuple[str, Searched | Held]]:
    """What is searched or has a condition, in the order in which a run asks for it."""
    return ((n, entry) for n, entry in suggesting.parents_first(stage) if isinstance(entry, Searched) or entry.when)


def _if(wanted: Mapping[str, Sequence[Value]]) -> str:
    """The line that asks for values of others; a parent's own conditions stand before it, so that it is there."""
    if not wanted:
        return ""
    tests = [_is(f"config[{quoted(parent)}]", values) for parent, values in wanted.items()]
    line = f"    if {' and '.join(tests)}:"
    return f"{line}\n" if len(line) <= WIDTH else f"{line}  # fmt: skip\n"


def _is(got: str, values: Sequence[Value]) -> str:
    if len(values) > 1:
        return f"{got} in {several(values)}"
    sign = "is" if values[0] is None or isinstance(values[0], bool) else "=="
    return f"{got} {sign} {literal(values[0])}"


def _assignment(name: str, entry: Searched | Held, indent: str, narrows: Sequence[str]) -> str:
    left = f"config[{quoted(name)}]"
    if isinstance(entry, Held):
        return f"{indent}{left} = {literal(entry.value)}\n"
    return _proposal(left, name, entry, indent, narrows)


def _proposal(left: str, name: str, entry: Searched, indent: str, narrows: Sequence[str]) -> str:
    domain = entry.domain
    if isinstance(domain, Choice):
        arguments = [quoted(name), listed(domain.choices)]
        return call(f"{left} = trial.suggest_categorical(", arguments, ")", indent)
    arguments = [quoted(name)]
    arguments += [f"*ranges[{quoted(name)}]"] if name in narrows else [literal(end) for end in ends(domain)]
    arguments += ["log=True"] if is_log(domain) else []
    arguments += [f"step={literal(step(domain))}"] if domain.step is not None and not is_log(domain) else []
    return call(f"{left} = trial.suggest_{'int' if domain.integer else 'float'}(", arguments, ")", indent)


def is_log(domain: Numeric) -> bool:
    """Whether Optuna can draw it on a logarithmic scale: never with a step, but 1 for whole numbers."""
    return domain.log and is_plain(domain)


def step(domain: Numeric) -> float | None:
    """The distance of neighbouring values, whole for whole numbers."""
    return int(domain.step) if domain.step is not None and domain.integer else domain.step


def ends(domain: Numeric) -> tuple[float, float]:
    """The least and the greatest value that can be drawn."""
    high = domain.high if domain.step is None else trimmed(domain).high
    return (int(domain.low), int(high)) if domain.integer else (domain.low, high)


def start_table(plan: Plan, stage: Stage) -> str:
    """The known configurations of a stage, each with what it sets unlike the stage."""
    text = "".join(dict.fromkeys(_start(point, moved) for point, moved in known(plan, stage)[0].values()))
    if not text:
        return "STARTS = []\n"
    note = "# Known configurations, evaluated first: what is searched, and what they set unlike the stage."
    return f"{note}\nSTARTS = [\n{text}]\n"


def _start(point: Mapping[str, Value], moved: Mapping[str, Value]) -> str:
    line = f"    ({mapping(point)}, {mapping(moved)}),\n"
    return line if len(line) <= WIDTH else f"    (\n{_nested(point)}{_nested(moved)}    ),\n"


def _nested(values: Mapping[str, Value]) -> str:
    indent = " " * 8
    lines = "".join(f"{indent}    {quoted(name)}: {literal(value)},\n" for name, value in values.items())
    return f"{indent}{{\n{lines}{indent}}},\n" if lines else f"{indent}{{}},\n"


def sampler(stage: Stage, indent: str, winsorized: str = _PROCESS, turns: str = "") -> str:
    """The lines that make the stage's sampler.

    Args:
        stage: The stage.
        indent: Before each line.
        winsorized: The class that is a winsorized Gaussian process.
        turns: The class by which a Gaussian process and TPE take turns; without it they do not.
    """
    described = stage.sampler
    if described.name in {"random", "quasi-random"}:
        return f"{indent}sampler = optuna.samplers.RandomSampler(seed={described.seed})\n"
    common = f"seed={described.seed}, n_startup_trials={described.startup}"
    group = ", group=True" if conditional(stage) and not stage.proposes_all else ""
    tpe = f"optuna.samplers.TPESampler({common}, multivariate=True{group})"
    if described.name == "tpe":
        return _assigned("sampler", [tpe], indent)
    process = f"{winsorized if described.winsorized else _PROCESS}({common})"
    if not turns:
        return _assigned("sampler", [process, 'if find_spec("torch")', f"else {tpe}"], indent)
    text = _assigned("tpe", [tpe], indent) + f'{indent}sampler = tpe\n{indent}if find_spec("torch"):\n'
    return f"{text}{indent}    sampler = {turns}({process}, tpe, every={described.tpe_every})\n"


def _assigned(name: str, parts: Sequence[str], indent: str) -> str:
    """A line, or where it would be too long one for each part."""
    line = f"{indent}{name} = {' '.join(parts)}\n"
    if len(line) <= WIDTH + 1:
        return line
    return "".join([f"{indent}{name} = (\n", *(f"{indent}    {part}\n" for part in parts), f"{indent})\n"])


def of_what_acts(stage: Stage) -> Stage:
    """The stage with a sampler that asks for nothing without effect, for what trains with all that is asked for."""
    is_other = stage.proposes_all and conditional(stage)
    return stage.having(sampler=stage.sampler.as_tpe()) if is_other else stage


def losses_of_gaussian_process(stage: Stage, trainer: str) -> Iterator[Loss]:
    """What becomes of a Gaussian process where ``trainer`` trains with all that a trial was asked for."""
    if of_what_acts(stage) is not stage:
        lost = "the sampler gp" if stage.sampler.name == "gp" else "one model of what has other conditions"
        yield Loss(what=lost, instead=f"TPE of what acts, as {trainer} takes all that a trial was asked for")
    elif stage.sampler.name == "gp":
        yield Loss(what="the sampler gp where torch is missing", instead="TPE takes its place")
        yield from of_gaussian_process(stage)


FIND_SPEC = "from importlib.util import find_spec"
"""What a module imports that holds a sampler which needs torch."""
