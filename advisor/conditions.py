"""When a rule applies: tests of facts, joined by ``any``, ``all`` and ``not``, and named regimes.

Logic has three values (Kleene): a test of an unknown fact neither holds nor fails, and neither does its ``not``. Every
outcome comes with the sentence that says why, and with the facts that were missed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    Self,
    TypeAlias,
    Union,
    get_args,
    get_origin,
)

from pydantic import Field, create_model, model_validator

from advisor import facts as fact_names
from advisor.facts import SECTIONS, Fact, Facts
from advisor.model import Frozen, Number, Text


class Outcome(NamedTuple):
    """What became of a condition.

    Attributes:
        holds: True, False, or None where a fact is missing.
        because: The tests that decided, as a sentence: ``data.rows < 1000 (it is 800)``.
        missing: The facts that are unknown and would be needed.
    """

    holds: bool | None
    because: str = ""
    missing: tuple[str, ...] = ()


class _Test(Frozen):
    """What is asked of one fact; several operators must all hold."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if all(getattr(self, field) is None for field in type(self).model_fields):
            raise ValueError("a test needs an operator such as lt, ge, eq or in")
        return self


class NumberTest(_Test):
    """A test of a number."""

    lt: Number | None = None
    le: Number | None = None
    gt: Number | None = None
    ge: Number | None = None
    eq: Number | None = None
    ne: Number | None = None


class TextTest(_Test):
    """A test of a word."""

    eq: Text | None = None
    ne: Text | None = None
    in_: tuple[Text, ...] | None = Field(None, alias="in")


def _choice_test(name: str, literal: Any) -> type[_Test]:
    """A test of a word that is one of a list, so that a misspelt one is noticed on reading."""
    return create_model(
        f"{name.title().replace('.', '').replace('_', '')}Test",
        __base__=_Test,
        eq=(literal | None, None),
        ne=(literal | None, None),
        in_=(tuple[literal, ...] | None, Field(None, alias="in")),
    )


_OPERATORS: Final[dict[str, tuple[str, Callable[[Any, Any], bool]]]] = {
    "lt": ("<", operator.lt),
    "le": ("<=", operator.le),
    "gt": (">", operator.gt),
    "ge": (">=", operator.ge),
    "eq": ("is", operator.eq),
    "ne": ("is not", operator.ne),
    "in_": ("is one of", lambda value, words: value in words),
}


def _test_for(name: str) -> Any:
    if name.startswith("derived."):
        return NumberTest
    section, _, field = name.partition(".")
    literal = _literal(SECTIONS[section].model_fields[field].annotation)
    if literal is not None:
        return _choice_test(name, literal)
    return TextTest if field in {"family", "estimator", "metric"} else NumberTest


def is_number(fact: str) -> bool:
    """Whether a fact that rules may ask about is a number."""
    return _test_for(fact) is NumberTest


def _literal(annotation: Any) -> Any:
    """The Literal within ``Literal[...] | None``, if that is what it is."""
    for part in (annotation, *get_args(annotation)):
        if get_origin(part) is Literal:
            return part
    return None


class _Condition(Frozen):
    """All of what is listed must hold."""

    if TYPE_CHECKING:
        regimes: tuple[str, ...] | None
        any: tuple[Condition, ...] | None
        all: tuple[Condition, ...] | None
        not_: Condition | None

    def tests(self) -> dict[str, _Test]:
        """The facts that this condition itself tests, and how."""
        fields = sorted(self.model_fields_set & _POSITION.keys(), key=_POSITION.__getitem__)
        return {_FACT_OF_FIELD[field]: test for field in fields if (test := getattr(self, field)) is not None}


_FACT_OF_FIELD: Final = {name.replace(".", "__"): name for name in fact_names.names()}
_POSITION: Final = {field: position for position, field in enumerate(_FACT_OF_FIELD)}
_fields: dict[str, Any] = {
    field: (_test_for(name) | None, Field(None, alias=name)) for field, name in _FACT_OF_FIELD.items()
}

if TYPE_CHECKING:

    class Condition(_Condition):
        """A condition on facts: dotted names with tests, regimes, any, all, not; all of it must hold."""

else:
    Condition = create_model(
        "Condition",
        __base__=_Condition,
        __doc__="A condition on facts: dotted names with tests, regimes, any, all, not; all must hold.",
        __module__=__name__,
        regimes=(Annotated[tuple[Text, ...], Field(min_length=1)] | None, None),
        any=(Annotated[tuple["Condition", ...], Field(min_length=1)] | None, None),
        all=(Annotated[tuple["Condition", ...], Field(min_length=1)] | None, None),
        not_=(Union["Condition", None], Field(None, alias="not")),
        **_fields,
    )

Regimes: TypeAlias = Mapping[str, Outcome]


def regimes_named(condition: Condition) -> frozenset[str]:
    """Every regime that the condition speaks of, however deep."""
    parts = [*(condition.any or ()), *(condition.all or ())]
    parts += [condition.not_] if condition.not_ is not None else []
    return frozenset(condition.regimes or ()).union(*(regimes_named(part) for part in parts))


def evaluate(condition: Condition, facts: Facts, regimes: Regimes) -> Outcome:
    """Whether the condition holds, given what is known; unknown facts leave it open."""
    outcomes = [_tested(name, test, facts) for name, test in condition.tests().items()]
    outcomes += [_of_regime(name, regimes) for name in sorted(condition.regimes or ())]
    outcomes += [evaluate(part, facts, regimes) for part in condition.all or ()]
    if condition.any:
        outcomes.append(_any([evaluate(part, facts, regimes) for part in condition.any]))
    if condition.not_ is not None:
        outcomes.append(_negated(evaluate(condition.not_, facts, regimes)))
    return _all(outcomes)


def _of_regime(name: str, regimes: Regimes) -> Outcome:
    inner = regimes[name]
    return Outcome(
        holds=inner.holds,
        because=f"{name}: {inner.because}" if inner.because else name,
        missing=inner.missing,
    )


def _tested(name: str, test: _Test, facts: Facts) -> Outcome:
    if name not in facts:
        return Outcome(holds=None, because=f"{name} is unknown", missing=(name,))
    value = facts[name]
    holds, sentences = True, []
    for field in type(test).model_fields:
        wanted = getattr(test, field)
        if wanted is None:
            continue
        word, compare = _OPERATORS[field]
        holds = holds and compare(value, wanted)
        shown = ", ".join(sorted(map(str, wanted))) if isinstance(wanted, tuple) else _shown(wanted)
        sentences.append(f"{name} {word} {shown}")
    return Outcome(holds=holds, because=f"{' and '.join(sentences)} (it is {_shown(value)})")


def _shown(value: Fact) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _all(outcomes: list[Outcome]) -> Outcome:
    failed = [outcome for outcome in outcomes if outcome.holds is False]
    if failed:
        return Outcome(holds=False, because=_joined(failed[:1], "and"))
    return _combined(outcomes, "and", decided=True)


def _any(outcomes: list[Outcome]) -> Outcome:
    held = [outcome for outcome in outcomes if outcome.holds]
    if held:
        return Outcome(holds=True, because=_joined(held, "or"))
    return _combined(outcomes, "or", decided=False)


def _combined(outcomes: list[Outcome], word: str, *, decided: bool) -> Outcome:
    unknown = [outcome for outcome in outcomes if outcome.holds is None]
    missing = tuple(dict.fromkeys(name for outcome in unknown for name in outcome.missing))
    if unknown:
        return Outcome(holds=None, because=_joined(unknown, word), missing=missing)
    return Outcome(holds=decided, because=_joined(outcomes, word))


def _joined(outcomes: list[Outcome], word: str) -> str:
    sentences = [outcome.because for outcome in outcomes if outcome.because]
    if word == "and" and len(sentences) > 1:
        sentences = [f"({sentence})" if " or " in sentence else sentence for sentence in sentences]
    return f" {word} ".join(sentences)


def _negated(outcome: Outcome) -> Outcome:
    if outcome.holds is None:
        return outcome
    return Outcome(holds=not outcome.holds, because=f"not ({outcome.because})")
