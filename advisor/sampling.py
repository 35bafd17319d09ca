"""What proposes the trials of a stage: which sampler, and after how many trials results guide it."""

from __future__ import annotations

from typing import Literal

from advisor.staging import Draft, Policies


def name(
    draft: Draft, budget: int, parallel: int, policies: Policies, *, constrained: bool, later: bool = False
) -> Literal["gp", "tpe", "quasi-random"]:
    """The sampler of a stage: a Gaussian process where it was measured to be better and its time allows it.

    Args:
        draft: The stage.
        budget: The trials of all stages: a sampler learns from earlier ones too, and its time grows with them.
        parallel: Trials that run at the same time.
        policies: The numbers of every policy.
        constrained: Whether some configurations are turned down, of which a Gaussian process would learn nothing.
        later: Whether there was a stage before it.
    """
    policy = policies["sampler"]
    if not is_sequential(draft, parallel, policies):
        return "quasi-random"
    is_small = len(draft.search) <= policy["gp_parameters_most"] and budget <= policy["gp_trials_most"]
    explores = not later or not is_short(draft.trials, policies)
    return "gp" if is_small and explores and parallel == 1 and not constrained else "tpe"


def reason(draft: Draft, budget: int, parallel: int, policies: Policies, *, constrained: bool, later: bool) -> str:
    """Why a stage has a sampler that learns nothing, or another than it would have first; empty where neither is so.

    Args are those of ``name``.
    """
    if draft.trials > policies["sampler"]["trials_most"]:
        return "a sampler that learns cannot keep up with so many trials, so that points are spread evenly."
    if not is_sequential(draft, parallel, policies):
        rounds = f"{draft.trials / parallel:.3g} rounds of results"
        return f"{rounds} are too few to guide it, so that points are spread evenly."
    here, first = (name(draft, budget, parallel, policies, constrained=constrained, later=at) for at in (later, False))
    return "" if here == first else "a short later stage is TPE's, which stays near what was best."


def is_short(trials: float, policies: Policies) -> bool:
    """Whether a later stage of so many trials has none to spare for exploring."""
    return trials < policies["stages"]["later_short_below"]


def is_winsorized(draft: Draft, policies: Policies) -> bool:
    """Whether a Gaussian process is to see the worse half of the trials as equal: where few parameters are searched."""
    return len(draft.search) <= policies["sampler"]["gp_winsorized_most"]


def tpe_every(draft: Draft, policies: Policies) -> int | None:
    """n, where every n-th trial of a Gaussian process's stage is to be TPE's; None where the stage is short."""
    policy = policies["sampler"]
    return int(policy["gp_tpe_every"]) if draft.trials >= policy["gp_tpe_least"] else None


def startup(draft: Draft, policies: Policies, *, known: int = 0) -> int:
    """Trials before results guide the next, at most half of the stage.

    Args:
        draft: The stage.
        policies: Numbers of policies.
        known: Known configurations that the stage begins with; beside enough of them nothing at random is needed.
    """
    policy = policies["sampler"]
    wanted = policy["startup_per_parameter"] * len(draft.search) if known < policy["startup_known"] else 0
    bounded = min(max(policy["startup_least"], wanted), policy["startup_most"])
    return int(min(bounded, max(1, draft.trials // 2)))


def is_sequential(draft: Draft, parallel: int, policies: Policies) -> bool:
    """Whether results come back often enough to guide the choice of trials, and a sampler can keep up with them."""
    policy = policies["sampler"]
    return draft.trials / parallel >= policy["rounds_least"] and draft.trials <= policy["trials_most"]
