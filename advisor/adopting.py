"""A plan of what was searched without one: from trials alone, and what is known of the family that was tuned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

from advisor import binding, engine, library
from advisor.plan import Plan
from advisor.readers import Loaded
from advisor.spec import Spec

_PREFIXES: Final = re.compile(r"__|[./]")
"""What stands between the parts of a name, of which the last is the parameter: ``svc__C``, ``config/lr``."""


def adopt(loaded: Loaded, family: str, *, seed: int = 0) -> Plan:
    """The plan that would have had these trials: it searches what they varied, where they did, and nothing else.

    What the family is known for (which of the parameters matter elsewhere, what bounds the library has) stands in it as
    in any plan, so that it can be refined with the same trials.

    Args:
        loaded: The trials, with the space of their file or the one that was inferred from them.
        family: A family of the knowledge base, such as ``lightgbm``.
        seed: Of the samplers.

    Raises:
        UnknownName: There is no such family.
        InvalidFile: The space contradicts the library; every problem at once.
    """
    spec = {
        "version": 1,
        "name": PurePath(loaded.path).name or "trials",
        "model": {"family": family},
        "objective": {"metric": loaded.metric, "direction": loaded.direction},
        "budget": {"trials": len(loaded.trials) + len(loaded.outside)},
        "space": dict(_space(loaded.space, binding.meanings(library.load(family).family, None))),
        "scope": "closed",
    }
    return engine.advise(Spec.model_validate(spec), seed=seed)


def _space(space: Mapping[str, Mapping[str, Any]], known: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was searched, all of it from the beginning; what never varied is held."""
    meant = _meant(space, known)
    for name, entry in space.items():
        choices = entry.get("choices", ())
        if len(choices) == 1:
            yield name, {"value": choices[0]}
        else:
            yield name, {**entry, "role": "tune"} | ({"is": meant[name]} if name in meant else {})


def _meant(names: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """The family's name of what it knows without a prefix only; of two with the same one the first."""
    taken = {known[name] for name in names if name in known}
    found: dict[str, str] = {}
    for name in names:
        own = known.get(_PREFIXES.split(name)[-1])
        if name not in known and own is not None and own not in taken:
            found[name] = own
            taken.add(own)
    return found
