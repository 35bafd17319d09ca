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
def search(objective, suggest, trials, sampler, earlier, starts=(), unproposed=()):
    """One stage in a study of its own, which knows the earlier trials inside its ranges; the trials that ran."""
    study = optuna.create_study(direction=DIRECTION, sampler=sampler)
    known = [trial for trial in (carried(one, suggest, unproposed) for one in earlier) if trial is not None]
    study.add_trials(known)
    for start, held in starts[:trials]:
        study.enqueue_trial({{**dict(unproposed), **start}}, user_attrs={{"held": held}})

    evaluated, repeats = set(), set()

    def evaluate(trial):
        config = {{**suggest(trial), **trial.user_attrs.get("held", {{}})}}
        trial.set_user_attr("config", config)
        value = None if "held" in trial.user_attrs else value_of(config, trial)
        if value is not None:
            trial.set_user_attr("repeat", True)
            repeats.add(trial.number)
            return value
        evaluated.add(trial.number)
{prune}        return objective(dict(config))

    def value_of(config, trial):
        """What the configuration was worth, unless {repeated} in a row were known already: there may be no other."""
        if repeats.issuperset(range(trial.number - {repeated}, trial.number)):
            return None
        done = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        return next((one.value for one in done if one.user_attrs["config"] == config), None)

    while len(evaluated) < trials:
        study.optimize(evaluate, n_trials=trials - len(evaluated))
    return [trial for trial in study.trials if trial.number in evaluated]


def carried(trial, suggest, unproposed=()):
    """An earlier trial as one of a new stage, or None where it lies outside the ranges of that."""
    fixed = optuna.trial.FixedTrial({{**dict(unproposed), **trial.user_attrs["config"]}})
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

WINSORIZED = '''
class WinsorizedGPSampler(optuna.samplers.BaseSampler):
    """A Gaussian process that sees the worse half of the trials as equal, so that none hides how good ones differ."""

    def __init__(self, seed, n_startup_trials):
        self.startup = n_startup_trials
        self.inner = optuna.samplers.GPSampler(seed=seed, n_startup_trials=n_startup_trials)

    def infer_relative_search_space(self, study, trial):
        space = optuna.search_space.intersection_search_space(study.get_trials(deepcopy=False))
        return {name: distribution for name, distribution in space.items() if not distribution.single()}

    def sample_relative(self, study, trial, search_space):
        done = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        done = [one for one in done if "repeat" not in one.user_attrs]
        if not search_space or len(done) < self.startup:
            return {}
        worst = statistics.median(one.value for one in done)
        cut = max if DIRECTION == "maximize" else min
        before = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        seen = optuna.create_study(direction=DIRECTION, sampler=self.inner)
        optuna.logging.set_verbosity(before)
        for one in done:
            known = {"params": one.params, "distributions": one.distributions}
            seen.add_trial(optuna.trial.create_trial(value=cut(one.value, worst), **known))
        return seen.ask(search_space).params

    def sample_independent(self, study, trial, param_name, param_distribution):
        return self.inner.sample_independent(study, trial, param_name, param_distribution)
'''

IN_TURNS = '''
class InTurns(optuna.samplers.BaseSampler):
    """A Gaussian process and TPE, which has every n-th trial and that after a repeat."""

    def __init__(self, process, tpe, every):
        self.process, self.tpe, self.every = process, tpe, every

    def of(self, study, trial):
        earlier = study.get_trials(deepcopy=False)[: trial.number]
        if self.every is not None and (trial.number + 1) % self.every == 0:
            return self.tpe
        return self.tpe if earlier and "repeat" in earlier[-1].user_attrs else self.process

    def infer_relative_search_space(self, study, trial):
        return self.of(study, trial).infer_relative_search_space(study, trial)

    def sample_relative(self, study, trial, search_space):
        return self.of(study, trial).sample_relative(study, trial, search_space)

    def sample_independent(self, study, trial, param_name, param_distribution):
        return self.of(study, trial).sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study, trial, state, values):
        self.of(study, trial).after_trial(study, trial, state, values)
'''

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
def following(ranges, limits, earlier, keep, at_least):
    """The ranges of the next stage, from the complete trials before it."""
    done = [trial for trial in earlier if trial.state == optuna.trial.TrialState.COMPLETE]
    new = dict(ranges)
    for name in limits:
        low, high = ranges[name]
        seen = [trial for trial in done if name in trial.params and name in trial.user_attrs["config"]]
        seen = [trial for trial in seen if low <= trial.params[name] <= high]
        if low == high or len(seen) < max(at_least, LEAST):
            print(f"{{name}} stays: {{len(seen)}} complete trials, {{max(at_least, LEAST)}} are needed")
            continue
        values = [trial.params[name] for trial in seen]
        scores = [-trial.value if DIRECTION == "maximize" else trial.value for trial in seen]
        luck = LUCK / len(limits)
        *new[name], why = narrowed(values, scores, ranges[name], keep=keep, luck=luck, **limits[name])
        print(f"{{name}} {{low:g}} .. {{high:g}} -> {{new[name][0]:g}} .. {{new[name][1]:g}}, {{why}}")
    return new


def opening(whole, before, inner, earlier, edge):
    """The ranges that are wider than before, each as far open as the best trials suggest."""
    done = [trial for trial in earlier if trial.state == optuna.trial.TrialState.COMPLETE]
    best = sorted(done, key=lambda trial: trial.value, reverse=DIRECTION == "maximize")[:BEST]
    new = {{name: whole[name] for name in inner}}
    for name, (ends, log) in inner.items() if best else ():
        low, high = before.get(name, ends)
        seen = [trial.user_attrs["config"].get(name) for trial in best]
        seen = [value for value in seen if isinstance(value, (int, float)) and not isinstance(value, bool)]
        seen = [value for value in seen if whole[name][0] <= value <= whole[name][1]]
        new[name] = opened(seen, (low, high), whole[name], edge=edge, log=log)
        print(f"{{name}} {{low:g}} .. {{high:g}} -> {{new[name][0]:g}} .. {{new[name][1]:g}}")
    return new


LUCK = {luck!r}  # the chance with which a stage in which nothing matters narrows any range
LEAST = {least!r}  # trials without which nothing is said of a trend
BEST = {best!r}  # trials that say where a range opens


{narrowed}

{opened}

{trend}'''

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
