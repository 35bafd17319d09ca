"""Hydra: a config for its Optuna sweeper, as YAML.

https://hydra.cc/docs/plugins/optuna_sweeper/. What is drawn reaches a run as text, ``name=value``, which Hydra reads
again, so a word such as ``null`` stands in quotes of its own. ``range`` includes its stop here, and whole numbers need
``int`` around their interval. Every parameter stands in the config too, as Hydra sets only what is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from advisor import yamlio
from advisor.exporters._writing import (
    Loss,
    after_the_search,
    block,
    comment,
    default,
    effective,
    grid_value,
    idle,
    is_plain,
    last_of_grid,
    needs,
    unkept_constraints,
    why,
)
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Numeric, Value, is_single, middle

SUFFIX = ".yaml"
ALIASES = ("hydra-optuna", "hydra-optuna-sweeper")
COMMENTS = True
STAGES = False

_KEY: Final = re.compile(r"[A-Za-z_$][\w$-]*(\.[A-Za-z_$][\w$-]*)*", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z_][\w./+-]*", re.ASCII)
_NO_WORDS: Final = frozenset({"null", "true", "false", "inf", "nan"})
_TAKEN: Final = frozenset({"defaults", "hydra"})
_REFERENCE: Final = re.compile(r"\$\{|^\?\?\?$")
_USE: Final = "# Lay it in a folder of your configs, such as conf/search, and run with --multirun +search=this_file\n"


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What the sweeper cannot express of the stage."""
    (stage,) = stages
    yield from idle(stage)
    for name, entry in effective(stage).items():
        if needs(stage, name):
            instead = "it is passed always, also where it has no effect"
            yield Loss(what=f"the condition of {name}", instead=instead, changes_meaning=name in stage.search)
        if not _is_key(stage, name):
            yield Loss(what=f"the name {name}", instead="left out; Hydra has no such key", changes_meaning=True)
        yield from _of_words(name, entry)
        if isinstance(entry, Searched):
            yield from _of_domain(name, entry.domain)
    yield from unkept_constraints(plan, stage, "the sweeper has none; return a bad value where it does not hold")
    if plan.stages[0].start:
        yield Loss(what="known configurations to start from", instead="run them yourself before the search")
    if stage.sampler.name in {"gp", "quasi-random"}:
        instead = "TPE" if stage.sampler.name == "gp" else "random points"
        yield Loss(what=f"the sampler {stage.sampler.name}", instead=instead)
    if plan.pruning.advised:
        yield Loss(what=f"pruning by {plan.pruning.method}", instead="every run goes to its end")
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A config that any application takes as an addition to its own."""
    (stage,) = stages
    is_random = stage.sampler.name in {"random", "quasi-random"}
    sampler: dict[str, Any] = {"seed": stage.sampler.seed}
    if not is_random:
        sampler |= {"n_startup_trials": stage.sampler.startup, "multivariate": True}
    head = [
        {"override /hydra/sweeper": "optuna"},
        {"override /hydra/sweeper/sampler": "random" if is_random else "tpe"},
    ]
    sweeper = {
        "direction": plan.objective.direction,
        "n_trials": stage.trials,
        "n_jobs": plan.budget.parallel,
        "sampler": sampler,
    }
    values = yamlio.dump(_config(stage))
    lines = ["# @package _global_\n", comment(plan, stages, losses), _USE, yamlio.dump({"defaults": head})]
    lines += ["hydra:\n  mode: MULTIRUN\n  sweeper:\n", block(sweeper, 4), "    params:\n"]
    return "".join([*lines, *_params(stage), "# What is held, and where what is searched starts.\n", values])


def _of_words(name: str, entry: Searched | Held) -> Iterator[Loss]:
    values = [entry.value] if isinstance(entry, Held) else entry.choices or ()
    for value in values:
        if isinstance(value, str) and _REFERENCE.search(value):
            what = f"the value {value} of {name}"
            yield Loss(what=what, instead="Hydra takes it for a reference", changes_meaning=True)


def _of_domain(name: str, domain: Choice | Numeric) -> Iterator[Loss]:
    if isinstance(domain, Choice):
        if domain.ordered:
            yield Loss(what=f"the order of the choices of {name}", instead="they are searched without order")
    elif domain.log and not is_plain(domain):
        yield Loss(what=f"the log scale of {name}", instead="its grid is searched, all values alike")


def _is_key(stage: Stage, name: str) -> bool:
    """Whether Hydra can set the name; a dot leads into a part of the config."""
    is_part = any(other.startswith(f"{name}.") for other in stage.entries)
    return _KEY.fullmatch(name) is not None and name.partition(".")[0] not in _TAKEN and not is_part


# What is searched and held


def _params(stage: Stage) -> Iterator[str]:
    for name, entry in effective(stage).items():
        if isinstance(entry, Searched) and _is_key(stage, name):
            yield block({name: _sweep(entry.domain)}, 6, why(entry))


def _config(stage: Stage) -> dict[str, Any]:
    """What is held, and where what is searched starts."""
    config: dict[str, Any] = {}
    for name, entry in effective(stage).items():
        if _is_key(stage, name):
            *parts, last = name.split(".")
            inner = config
            for part in parts:
                inner = inner.setdefault(part, {})
            inner[last] = entry.value if isinstance(entry, Held) else default(entry)
    return config


def _sweep(domain: Choice | Numeric) -> str:
    """The domain in Hydra's grammar of sweeps."""
    if isinstance(domain, Choice):
        return f"choice({', '.join(_choice(value, domain) for value in domain.choices)})"
    if is_single(domain):
        return _value(middle(domain))
    if not is_plain(domain):
        step = int(domain.step or 1) if domain.integer else float(domain.step or 1)
        return f"range({grid_value(domain, 0)!r}, {last_of_grid(domain)!r}, step={step!r})"
    ends = (int(domain.low), int(domain.high)) if domain.integer else (float(domain.low), float(domain.high))
    interval = f"interval({ends[0]!r}, {ends[1]!r})"
    tagged = f"tag(log, {interval})" if domain.log else interval
    return f"int({tagged})" if domain.integer else tagged


def _choice(value: Value, domain: Choice) -> str:
    """A choice, of which the run gets the text: None is no choice of Hydra's, nor are values that Python has equal."""
    text = _value(value)
    is_plain = not isinstance(value, str) and value is not None and len(set(domain.choices)) == len(domain.choices)
    return text if is_plain or (isinstance(value, str) and text == value) else _quoted(text)


def _value(value: Value) -> str:
    """What stands after ``name=`` for a value."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        is_word = _WORD.fullmatch(value) is not None and value.lower() not in _NO_WORDS
        return value if is_word else _quoted(value)
    return repr(value)


def _quoted(text: str) -> str:
    r"""The text in single quotes; Hydra takes a backslash for itself, except those that lead to a quote."""
    doubled = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + ("\\'" if found[2] else ""), text)
    return f"'{doubled}'"
