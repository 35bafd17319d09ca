"""A configuration ready to use: as data, as a call of the library, or as arguments of a command."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from keyword import iskeyword
from typing import ClassVar, Final

from advisor import yamlio
from advisor.errors import AdvisorError, UnknownName
from advisor.model import Values
from advisor.plan import Plan
from advisor.space import Value
from advisor.trials import Trial

_FROM_ARGUMENTS: Final = frozenset({"catboost", "lightgbm", "sklearn", "xgboost"})
"""Packages whose estimators are made from hyperparameters and from nothing else."""


class NoSuchCall(AdvisorError):
    """A configuration is not what a class of the library is made from."""

    exit_code: ClassVar[int] = 4

    def __init__(self, sentence: str) -> None:
        super().__init__(f"{sentence}; write it as python, and set the values where your code makes the model")


def written(plan: Plan, found: Trial | Values, form: str) -> str:
    """A configuration of a plan as text that reads back equal.

    Args:
        plan: The plan, which knows the library's names.
        found: A trial, or its configuration, by the plan's names.
        form: ``yaml`` and ``json`` for files and ``args`` for a shell have the plan's names, as an objective gets them;
            ``python``, a dict, and ``library``, a call of the estimator, have the library's.

    Raises:
        UnknownName: There is no such form.
        NoSuchCall: The form is ``library``, and the plan's model is not made from its hyperparameters alone.
    """
    if form not in FORMS:
        raise UnknownName("format", form, FORMS)
    return FORMS[form](plan, found.config if isinstance(found, Trial) else found)


def _yaml(_: Plan, config: Values) -> str:
    return yamlio.dump(dict(config))


def _json(_: Plan, config: Values) -> str:
    return json.dumps(dict(config), indent=2, ensure_ascii=False) + "\n"


def _python(plan: Plan, config: Values) -> str:
    lines = (f"    {_literal(name)}: {_literal(value)},\n" for name, value in _arguments(plan, config).items())
    return f"{{\n{''.join(lines)}}}\n"


def _args(_: Plan, config: Values) -> str:
    return " ".join(_option(name, value) for name, value in config.items()) + "\n"


def _option(name: str, value: Value) -> str:
    """One option; joined to its value where that begins with a dash and would be taken for another option."""
    word = value if isinstance(value, str) else json.dumps(value)
    option = f"--{name.replace('_', '-')}"
    return shlex.quote(f"{option}={word}") if word.startswith("-") else f"{shlex.quote(option)} {shlex.quote(word)}"


def _library(plan: Plan, config: Values) -> str:
    """An import and a call."""
    estimator = plan.spec.estimator or ""
    module, _, name = estimator.rpartition(".")
    if module.partition(".")[0] not in _FROM_ARGUMENTS:
        reason = f"{estimator} is not made from hyperparameters alone" if estimator else "the plan names no estimator"
        raise NoSuchCall(reason)
    arguments = _arguments(plan, config)
    if module == "sklearn.neural_network":
        arguments = dict(_with_layers(plan, config))
    if inner := [argument for argument in arguments if "__" in argument]:
        raise NoSuchCall(f"{name} holds another estimator, which {', '.join(inner)} would set")
    lines = "".join(f"    {argument},\n" for argument in _passed(arguments))
    return f"from {module} import {name}\n\nmodel = {name}(\n{lines})\n"


def _passed(arguments: Mapping[str, object]) -> Iterator[str]:
    """The arguments of a call; those last whose names Python cannot write before an equals sign."""
    strange = {name: value for name, value in arguments.items() if not name.isidentifier() or iskeyword(name)}
    yield from (f"{name}={_literal(value)}" for name, value in arguments.items() if name not in strange)
    if strange:
        yield f"**{{{', '.join(f'{_literal(name)}: {_literal(value)}' for name, value in strange.items())}}}"


def _with_layers(plan: Plan, config: Values) -> Iterator[tuple[str, object]]:
    """Arguments of scikit-learn's networks, which take the width of each layer in place of layers and width."""
    words = {_canonical(plan, name): name for name in config}
    for name, value in config.items():
        if _canonical(plan, name) not in {"num_layers", "hidden_units"}:
            yield _argument(plan, name), value
    layers = config.get(words.get("num_layers", ""), 1)
    width = config.get(words.get("hidden_units", ""), 100)
    if isinstance(layers, int) and words.keys() & {"num_layers", "hidden_units"}:
        yield "hidden_layer_sizes", (width,) * layers


def _arguments(plan: Plan, config: Values) -> dict[str, object]:
    return {_argument(plan, name): value for name, value in config.items()}


def arguments(plan: Plan, config: Values) -> dict[str, object]:
    """A configuration by the library's names, where those of the plan are others: ``Model(**arguments(plan, config))``.

    Args:
        plan: The plan that the configuration is of.
        config: Values by the plan's names, as an objective gets them.
    """
    return _arguments(plan, config)


def _argument(plan: Plan, name: str) -> str:
    """The library's name of a parameter."""
    entry = plan.stages[-1].entries.get(name)
    return (entry and entry.argument) or name


def _canonical(plan: Plan, name: str) -> str:
    """The knowledge base's name of a parameter."""
    entry = plan.stages[-1].entries.get(name)
    return (entry and entry.is_) or name


def _literal(value: object) -> str:
    """The value as Python writes it, words in double quotes as formatters have them."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


FORMS: Final[Mapping[str, Callable[[Plan, Values], str]]] = {
    "yaml": _yaml,
    "json": _json,
    "python": _python,
    "library": _library,
    "args": _args,
}
"""How a configuration can be written."""
