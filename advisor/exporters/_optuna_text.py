"""The fixed parts of the module that is written for Optuna, with the places that a plan fills."""

IMPORTS = '''"""A search in stages. Replace objective below, then run this file."""

{imports}
import optuna


def objective(config: dict) -> float:
    """Train with the configuration and return the score."""
    raise NotImplementedError({sentence})


DIRECTION = {direction}
'''

SEARCH = '''
def search(objective, suggest, trials, sampler, earlier, starts=()):
    """One stage in a study of its own, which knows the earlier trials inside its ranges; the trials that ran."""
    study = optuna.create_study(direction=DIRECTION, sampler=sampler)
    known = [trial for trial in (carried(one, suggest) for one in earlier) if trial is not None]
    study.add_trials(known)
    for start, held in starts:
        study.enqueue_trial(start, user_attrs={{"held": held}})

    def evaluate(trial):
        config = {{**suggest(trial), **trial.user_attrs.get("held", {{}})}}
        trial.set_user_attr("config", config)
{prune}        return objective(dict(config))

    study.optimize(evaluate, n_trials=trials)
    return study.trials[len(known) :]


def carried(trial, suggest):
    """An earlier trial as one of a new stage, or None where it lies outside the ranges of that."""
    fixed = optuna.trial.FixedTrial(trial.user_attrs["config"])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of values outside the range, which create_trial refuses
            config = suggest(fixed)
        if trial.state != optuna.trial.TrialState.COMPLETE or config != trial.user_attrs["config"]:
            return None
        known = {{"params": fixed.params, "distributions": fixed.distributions, "user_attrs": {{"config": config}}}}
        return optuna.trial.create_trial(value=trial.value, **known)
    except ValueError:
        return None
'''

PRUNE = """        if any(breaks(config, *constraint) for constraint in CONSTRAINTS):
            raise optuna.TrialPruned("not evaluated: it breaks a constraint")
"""

BREAKS = '''
def breaks(config, names, holds, odd):
    """Whether a constraint is broken; it is passed over where a setting is absent, None or stands for no limit."""
    read = {name: odd.get((name, config.get(name)), config.get(name)) for name in names}
    if None in read.values():
        return False
    try:
        return not holds(read)
    except (TypeError, ZeroDivisionError, OverflowError):
        return True
'''

NARROW = '''
def narrowed(ranges, limits, earlier, keep, at_least):
    """Ranges of `keep` times the width, around the median of the best quarter of the complete trials."""
    done = [trial for trial in earlier if trial.state == optuna.trial.TrialState.COMPLETE]
    if len(done) < at_least:
        print(f"not narrowed: {len(done)} complete trials, {at_least} are needed")
        return ranges
    done.sort(key=lambda trial: trial.value, reverse=DIRECTION == "maximize")
    best = done[: math.ceil(len(done) / 4)]
    new = dict(ranges)
    for name in ranges:
        values = [trial.params[name] for trial in best if name in trial.params]
        if values:
            new[name] = around(statistics.median(values), *ranges[name], keep, **limits[name])
            print(f"{name}: {ranges[name][0]:g} .. {ranges[name][1]:g} -> {new[name][0]:g} .. {new[name][1]:g}")
    return new


def around(centre, low, high, keep, least, most, log, step):
    """The range of `keep` times the width around the centre, moved to stay within least and most."""
    scale, back = (math.log, math.exp) if log else (float, float)
    floor = -math.inf if least is None else scale(least)
    ceiling = math.inf if most is None else scale(most)
    half = keep * (scale(high) - scale(low)) / 2
    middle = max(min(scale(centre), ceiling - half), floor + half)
    left, right = (min(max(end, floor), ceiling) for end in (middle - half, middle + half))
    ends = [back(left), back(right)]
    if step is not None:
        first = -math.inf if least is None else math.ceil((least - low) / step - 1e-9)
        last = math.inf if most is None else math.floor((most - low) / step + 1e-9)
        ends = [low + step * max(min(round((end - low) / step), last), first) for end in ends]
        return tuple(end if isinstance(end, int) else float(f"{end:.12g}") for end in ends)
    if least is not None:
        ends = [max(end, least) for end in ends]
    return tuple(ends if most is None else (min(end, most) for end in ends))
'''

MAIN = '''
def main(objective=objective):
    """Run every stage and print the best configuration."""
    done = run(objective)
    done = [trial for trial in done if trial.state == optuna.trial.TrialState.COMPLETE]
    if not done:
        print("no trial was completed")
        return None
    best = (max if DIRECTION == "maximize" else min)(done, key=lambda trial: trial.value)
    print(f"best value {best.value:g} with {best.user_attrs['config']}")
    return best


if __name__ == "__main__":
    main()
'''
