"""The policies by which stages are made: which there are, which numbers they have, and between what these lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from advisor.errors import Path, Problem, did_you_mean
from advisor.knowledge import Policy

_COUNT: Final = (1, 1e9)
_SHARE: Final = (0.01, 0.9)
POLICIES: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = {
    "trials-when-not-given": {"trials": _COUNT},
    "what-a-budget-carries": {
        "trials_per_parameter": (0.1, 1e9),
        "tiny_trials_per_parameter": (0.1, 1e9),
        "tiny_below": (0, 1e9),
    },
    "stages": {
        "two_from": _COUNT,
        "three_from": _COUNT,
        "first_of_two": _SHARE,
        "short_below": (0, 1e9),
        "first_of_short": _SHARE,
        "later_short_below": (0, 1e9),
        "first_of_three": (0.01, 0.45),
        "second_of_three": (0.01, 0.45),
        "early_most_per_parameter": (1, 1e9),
        "tiers_apart": (0, 1),
    },
    "least-stage": {"trials": _COUNT, "per_parameter": (0, 1e9)},
    "starts": {"share": (0, 1), "most": _COUNT, "tiny_share": (0, 1), "tiny_below": (0, 1e9)},
    "sampler": {
        "startup_least": (0, 1e9),
        "startup_most": (0, 1e9),
        "startup_per_parameter": (0, 1e9),
        "startup_known": _COUNT,
        "rounds_least": (0, 1e9),
        "trials_most": _COUNT,
        "gp_parameters_most": (0, 1e9),
        "gp_trials_most": (0, 1e9),
        "gp_winsorized_most": (0, 1e9),
        "gp_tpe_every": (2, 1e9),
        "gp_tpe_least": (0, 1e9),
    },
    "narrowing": {"keep": (0, 1), "at_least": _COUNT, "not_beyond": _COUNT, "edge": (0, 1)},
    "pruning": {"trials_from": (0, 1e9), "asha_from_parallel": (0, 1e9)},
    "confirmation": {"finalists": _COUNT, "repeats": _COUNT},
}
"""The policies that the engine asks for, and between what their numbers lie."""


def problems(name: str, policy: Policy) -> Iterator[Problem]:
    """What is wrong with a policy: the engine does not ask for it, or its numbers are not those asked for."""
    place: Path = ("policies", name)
    if name not in POLICIES:
        hint = did_you_mean(name, POLICIES) or f"known: {', '.join(POLICIES)}"
        yield Problem(sentence=f"no policy {name!r}", path=place, hint=hint, at_key=True)
        return
    for key in sorted(policy.values.keys() - POLICIES[name].keys()):
        hint = did_you_mean(key, POLICIES[name]) or f"known: {', '.join(POLICIES[name])}"
        yield Problem(
            sentence=f"no number {key!r} in this policy", path=(*place, "values", key), hint=hint, at_key=True
        )
    for key, (least, most) in POLICIES[name].items():
        number = policy.values.get(key)
        if number is None:
            yield Problem(sentence=f"the number {key!r} is missing", path=(*place, "values"))
        elif not least <= number <= most:
            sentence = f"{number:g} is not from {least:g} to {most:g}"
            yield Problem(sentence=sentence, path=(*place, "values", key))
