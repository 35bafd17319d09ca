"""Hugging Face: ``hp_space`` for ``Trainer.hyperparameter_search`` with Optuna, in a module that runs the search.

https://huggingface.co/docs/transformers/hpo_train. Trainer sets only fields of TrainingArguments, and only some of them
in time; it drops other names with a warning and casts each value to the type that the field has. So a share for
``warmup_steps``, whose default is a whole 0, would become 0, and shares of 1 would be one step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from advisor.exporters import _define_by_run
from advisor.exporters._python import assigned, quoted
from advisor.exporters._writing import Loss, after_the_search, comment, effective, known, unkept_constraints
from advisor.plan import Held, Plan, Searched, Stage
from advisor.space import Choice, Value, is_number

SUFFIX = ".py"
STAGES = False
COMMENTS = True
ALIASES = ("hf", "huggingface", "transformers", "trainer", "hf-trainer")

FIELDS: Final[Mapping[str, type]] = {
    "learning_rate": float,
    "weight_decay": float,
    "adam_beta1": float,
    "adam_beta2": float,
    "adam_epsilon": float,
    "max_grad_norm": float,
    "num_train_epochs": float,
    "warmup_steps": float,
    "per_device_train_batch_size": int,
    "gradient_accumulation_steps": int,
    "max_steps": int,
    "seed": int,
    "lr_scheduler_type": str,
    "optim": str,
}
"""The fields of TrainingArguments that act when a trial sets them, and what Trainer casts them to."""
CANONICAL: Final[Mapping[str, str]] = {
    "epochs": "num_train_epochs",
    "batch_size": "per_device_train_batch_size",
    "warmup_ratio": "warmup_steps",
    "beta1": "adam_beta1",
    "beta2": "adam_beta2",
    "epsilon": "adam_epsilon",
    "label_smoothing": "label_smoothing_factor",
}
"""The fields that plans call by other names."""
TOO_LATE: Final = ("label_smoothing_factor", "neftune_noise_alpha")
"""Fields that Trainer reads when it is made, before a trial could set them."""

_HEAD = '''"""A search with Hugging Face's Trainer: call search(trainer) with a Trainer that has a model_init."""

{imports}

METRIC = {metric}
DIRECTION = {direction}
# The TrainingArguments that a trial sets, by the names of the plan.
'''
_SPACES = '''def configuration(trial):
    """All settings of a trial, with what a known configuration sets unlike the stage."""
    return {**suggest(trial), **trial.user_attrs.get("held", {})}


def hp_space(trial):
    """The TrainingArguments of a trial."""
    return {ARGUMENTS[name]: value for name, value in configuration(trial).items() if name in ARGUMENTS}
'''
_MODEL = '''def model_settings(trial):
    """What TrainingArguments do not set: for model_init(trial), which is called without a trial too."""
    if trial is None:
        return {}
    return {name: value for name, value in configuration(trial).items() if name not in ARGUMENTS}
'''
_SEARCH = '''def search(trainer):
    """Run the search and return the best run."""
{prepared}    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(study_name="search", storage=storage, direction=DIRECTION)
    for start, held in STARTS:
        study.enqueue_trial(start, user_attrs={{"held": held}})
{sampler}    return trainer.hyperparameter_search(
        hp_space=hp_space,
        compute_objective=lambda metrics: metrics[METRIC],
        n_trials={trials},
        direction=DIRECTION,
        backend="optuna",
        study_name="search",
        storage=storage,
        load_if_exists=True,
        sampler=sampler,
        pruner=optuna.pruners.NopPruner(),
    )
'''
_WARMUP = """    # Trainer casts to the type that it finds: a whole 0 would cut shares down to 0.
    trainer.args.warmup_steps = float(trainer.args.warmup_steps)
"""
_QUIET = """    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
"""


def losses(plan: Plan, stages: tuple[Stage, ...]) -> Iterator[Loss]:
    """What a search by Trainer cannot express of the stages."""
    (stage,) = stages
    used = effective(stage)
    for name, entry in used.items():
        if isinstance(entry, Searched):
            yield from _define_by_run.losses(name, entry.domain)
        yield from _of_field(name, entry)
    if others := [name for name, entry in used.items() if _field(name, entry) not in {*FIELDS, *TOO_LATE}]:
        what = f"what is no TrainingArguments ({', '.join(others)})"
        yield Loss(what=what, instead="model_init(trial) has to set it, from model_settings(trial)")
    yield from known(plan, stage)[1]
    if stage.sampler.name == "quasi-random":
        yield Loss(what="quasi-random points", instead="random ones, which need no scipy")
    yield from _define_by_run.losses_of_gaussian_process(stage, "Trainer")
    yield from unkept_constraints(plan, stage, "Trainer has none; what breaks it is trained all the same")
    if plan.pruning.advised:
        instead = "no trial is stopped; Trainer counts steps of the optimiser"
        yield Loss(what=f"pruning by {plan.pruning.method}", instead=instead)
    yield from after_the_search(plan, stage)


def export(plan: Plan, stages: tuple[Stage, ...], losses: tuple[Loss, ...]) -> str:
    """A Python module with ``hp_space`` and what runs it."""
    stage = _define_by_run.of_what_acts(stages[0])
    quiet = "group=True" in _define_by_run.sampler(stage, "")
    sampler = _define_by_run.sampler(stage, " " * 8 if quiet else " " * 4)
    fields = {name: quoted(field) for name, entry in stage.entries.items() if (field := _field(name, entry)) in FIELDS}
    metric = plan.objective.metric
    standard = [
        *(["import warnings"] if quiet else []),
        *([_define_by_run.FIND_SPEC] if "find_spec" in sampler else []),
    ]
    head = _HEAD.format(
        imports="\n".join([*standard, *([""] if standard else []), "import optuna"]),
        metric=quoted(metric if metric.startswith("eval_") else f"eval_{metric}"),
        direction=quoted(plan.objective.direction),
    )
    search = _SEARCH.format(
        prepared=_WARMUP if quoted("warmup_steps") in fields.values() else "",
        sampler=_QUIET + sampler if quiet else sampler,
        trials=stage.trials,
    )
    starts = _define_by_run.start_table(plan, stage)
    blocks = [comment(plan, stages, losses) + head + assigned("ARGUMENTS", fields) + starts]
    blocks += [_define_by_run.function("suggest", stage), _SPACES]
    blocks += [_MODEL] if any(name not in fields for name in effective(stage)) else []
    return "\n\n".join(block.strip("\n") + "\n" for block in [*blocks, search])


def _field(name: str, entry: Searched | Held) -> str:
    """The field of TrainingArguments that a parameter may be: its argument, or its own or canonical name."""
    names = (entry.argument,) if entry.argument else (name, entry.is_ or name)
    return next((field for each in names if (field := CANONICAL.get(each, each)) in {*FIELDS, *TOO_LATE}), "")


def _of_field(name: str, entry: Searched | Held) -> Iterator[Loss]:
    """What Trainer makes of the values of a field."""
    field = _field(name, entry)
    if field in TOO_LATE:
        instead = f"Trainer reads {field} when it is made; set it in its TrainingArguments"
        yield Loss(what=name, instead=instead, changes_meaning=isinstance(entry, Searched))
    if field in FIELDS and not _fits(FIELDS[field], entry):
        instead = f"Trainer makes {field} a value of type {FIELDS[field].__name__}"
        yield Loss(what=f"values of {name}", instead=instead, changes_meaning=True)
    if field == "warmup_steps" and "warmup_ratio" in {name, entry.is_} and _reaches_one(entry):
        instead = "Trainer takes it for one step"
        yield Loss(what=f"the share 1 of {name}", instead=instead, changes_meaning=True)
    if field == "seed":
        instead = "it acts on the order of the data; for the weights, call set_seed with it in model_init(trial)"
        yield Loss(what=f"{name} before the model is made", instead=instead)


def _fits(kind: type, entry: Searched | Held) -> bool:
    """Whether casting to the type of a field changes none of the values."""
    if isinstance(entry, Searched) and not isinstance(entry.domain, Choice):
        return kind is float or (kind is int and entry.domain.integer)
    return all(_is_of(kind, value) for value in _values(entry))


def _is_of(kind: type, value: Value) -> bool:
    if kind is str:
        return isinstance(value, str)
    return isinstance(value, int | float) and is_number(value) and kind(value) == value


def _reaches_one(entry: Searched | Held) -> bool:
    if isinstance(entry, Searched) and not isinstance(entry.domain, Choice):
        return entry.domain.high >= 1
    return any(isinstance(value, int | float) and value >= 1 for value in _values(entry))


def _values(entry: Searched | Held) -> tuple[Value, ...]:
    return (entry.value,) if isinstance(entry, Held) else entry.choices or ()
