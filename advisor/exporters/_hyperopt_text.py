"""The fixed parts of the module that is written for Hyperopt."""

from __future__ import annotations

from typing import Final

WHEN: Final = '''
def when(wanted, node):
    """The node beside these values of others, and ... beside any other value."""
    for parent, values in reversed(wanted.items()):
        index, *options = PARENTS[parent].inputs()
        asked = [repr(option.obj) in map(repr, values) for option in options]
        node = scope.switch(index, *(node if one else ... for one in asked))
    return node
'''

WHOLE: Final = '''
def whole(label, low, high):
    """Whole numbers from low to high, all alike; at the ends themselves Hyperopt would draw the ends half as often."""
    return hp.uniformint(label, low - 0.49, high + 0.49)
'''

WHOLE_LOG: Final = '''
def whole_log(label, low, high):
    """Whole numbers from low to high on a logarithmic scale, as int; Hyperopt's own are float."""
    return scope.int(hp.qloguniform(label, math.log(low - 0.49), math.log(high + 0.49), 1))
'''

ORDERED: Final = '''
def ordered(label, values):
    """One of the values, drawn by its position, so that the search knows which are near."""
    return as_apply(values)[hp.uniformint(label, -0.49, len(values) - 0.51)]
'''

STARTS: Final = '''
def known():
    """The starts as trials; TPE asks each for all labels, also those without effect, which Hyperopt's own lack."""
    trials = Trials()
    for number, start in enumerate(STARTS):
        trial = generate_trial(number, start)
        for part in ("idxs", "vals"):
            drawn = trial["misc"][part].items()
            trial["misc"][part] = {label: [] if start[label] is None else one for label, one in drawn}
        trials.insert_trial_doc(trial)
    return trials
'''

RUN: Final = '''
def run(objective):
    """Search and return the trials."""
    trials = {known}
    fmin(
        lambda drawn: {sign}objective(config(drawn)),
        space,
        algo={algorithm},
        max_evals={trials},
        trials=trials,
        rstate=np.random.default_rng({seed}),
    )
    return trials


def config(drawn):
    """What has an effect of what was drawn."""
    return {{name: value for name, value in drawn.items() if value is not ...}}


if __name__ == "__main__":
    run(objective)
'''
