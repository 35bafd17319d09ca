"""What the knowledge base says of transformers.TrainingArguments, peft.LoraConfig and PyTorch's optimisers.

Nothing is downloaded: the models are a linear layer and a BERT of one layer with random weights.
"""

from __future__ import annotations

import dataclasses
import inspect
import math

import pytest
from claims import claims, families

REASON = "compares the knowledge base with Transformers and PEFT; install the extra 'truth'"
torch = pytest.importorskip("torch", reason=REASON)
pytest.importorskip("accelerate", reason=REASON)
# From version 5 on warmup_steps below 1 is a share of all steps, which is how the knowledge speaks of it.
transformers = pytest.importorskip("transformers", minversion="5.0", reason=REASON)
peft = pytest.importorskip("peft", reason=REASON)

pytestmark = [
    pytest.mark.truth,
    # PEFT asks models of Transformers by the name that they are giving up.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]

OURS = {"lora", "transformer-fine-tuning", "transformer-pretraining", "vision-fine-tuning"}
TRAINING = [c for c in claims("transformers.") if c.family in OURS]
LORA = [c for c in claims("peft.") if c.family in OURS]
OPTIMISERS = [c for c in claims("torch.optim.") if c.family in OURS]
FAMILIES = {family.family: family for family in families() if family.family in OURS}

# Values outside the legal range that the library takes without a word, and why the range leaves them out all the same.
SILENT = {
    ("TrainingArguments", "learning_rate", 0.0): "a rate of 0 learns nothing",
    ("TrainingArguments", "num_train_epochs", 0): "no epoch is no training",
    ("TrainingArguments", "weight_decay", -0.01): "the weights would grow",
    ("TrainingArguments", "label_smoothing_factor", -0.01): "a loss below that of the labels themselves",
    ("TrainingArguments", "label_smoothing_factor", 1.0): "the labels would have no say",
    ("TrainingArguments", "max_grad_norm", -0.01): "the same as 0, which turns clipping off",
    ("TrainingArguments", "warmup_steps", 1.01): "from 1 on a count of steps; here it is a share of them",
    ("AdamW", "lr", 0.0): "a rate of 0 learns nothing",
    ("SGD", "lr", 0.0): "a rate of 0 learns nothing",
    ("SGD", "momentum", 1.0): "the gradients would add up for ever",
    ("LoraConfig", "lora_alpha", 0): "the adapter would be multiplied by 0",
    ("LoraConfig", "lora_dropout", -0.01): "the same as 0",
}
# The kinds of schedule that need more arguments than TrainingArguments has of its own.
NEEDS = {
    "cosine_with_min_lr": {"min_lr": 1e-6},
    "cosine_warmup_with_min_lr": {"min_lr": 1e-6},
    "warmup_stable_decay": {"num_decay_steps": 10},
}


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.config = transformers.PretrainedConfig()  # asked for where labels are smoothed
        self.layer = torch.nn.Linear(4, 2)

    def forward(self, x, labels=None):
        logits = self.layer(x)
        loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
        return {"loss": loss, "logits": logits}


ROWS = [{"x": torch.arange(4.0) * (i % 3), "labels": torch.tensor(i % 2)} for i in range(8)]


def trained(folder, **arguments):
    """The weights after two updates or, where they are asked for, so many epochs."""
    length = {} if "num_train_epochs" in arguments else {"max_steps": 2}
    args = transformers.TrainingArguments(
        output_dir=str(folder), use_cpu=True, report_to="none", save_strategy="no", logging_strategy="no",
        disable_tqdm=True, dataloader_pin_memory=False, **length, **arguments,
    )  # fmt: skip
    model = Classifier()
    transformers.Trainer(model=model, args=args, train_dataset=ROWS).train()
    return model.layer.weight.detach().clone()


def bert(**changes):
    """A BERT of one layer with random weights."""
    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    return transformers.BertModel(transformers.BertConfig(vocab_size=20, **{**small, **changes}))


def adapted(**arguments):
    """The layers of a small BERT that carry an adapter, by name."""
    model = peft.get_peft_model(bert(), peft.LoraConfig(**arguments))
    return {name: part for name, part in model.named_modules() if isinstance(part, peft.tuners.lora.LoraLayer)}


def scale(**arguments):
    (found,) = {part.scaling["default"] for part in adapted(**arguments).values()}
    return found


def inside(parameter):
    """Both ends of the advised range, or all of its choices."""
    search = parameter.search
    values = search.choices if search.choices is not None else (search.low, search.high)
    return [int(v) if parameter.valid.type == "int" else v for v in values]


def outside(parameter):
    """The nearest values that the legal range leaves out."""
    valid = parameter.valid
    if valid.type == "categorical":
        return []
    step = 1 if valid.type == "int" else 0.01
    found = []
    if valid.low is not None:
        found.append(valid.low if valid.low_open else valid.low - step)
    if valid.high is not None:
        found.append(valid.high if valid.high_open else valid.high + step)
    return [int(v) if valid.type == "int" else float(v) for v in found]


def distinct(listed, values):
    """Each class, argument and value once, whichever families speak of it."""
    cases = {(c.estimator, c.argument, repr(v)): (c, v) for c in listed for v in values(c.parameter)}
    return [pytest.param(c, v, id=f"{c.estimator.rpartition('.')[2]}-{c.argument}-{v}") for c, v in cases.values()]


def is_silent(claim, value):
    return (claim.estimator.rpartition(".")[2], claim.argument, value) in SILENT


# Names and defaults


def test_all_families_are_looked_at():
    assert {c.family for c in TRAINING} == OURS
    assert {c.family for c in LORA} == {"lora"}
    assert {c.family for c in OPTIMISERS} == {"transformer-pretraining", "vision-fine-tuning"}


@pytest.mark.parametrize("claim", [*TRAINING, *LORA], ids=str)
def test_the_configuration_has_the_argument_with_this_default(claim):
    fields = {field.name: field.default for field in dataclasses.fields(claim.estimator_class)}
    assert claim.argument in fields
    assert fields[claim.argument] == claim.default


@pytest.mark.parametrize("claim", OPTIMISERS, ids=str)
def test_the_optimiser_has_the_argument_with_this_default(claim):
    parameters = inspect.signature(claim.estimator_class).parameters
    assert claim.argument in parameters
    assert parameters[claim.argument].default == claim.default


@pytest.mark.parametrize(
    ("family", "config"), [("transformer-fine-tuning", "BertConfig"), ("vision-fine-tuning", "ViTConfig")]
)
def test_what_the_model_configures_has_its_default(family, config):
    configured = getattr(transformers, config)()
    parameters = FAMILIES[family].parameters
    assert parameters["dropout"].default == configured.hidden_dropout_prob
    assert "hidden_dropout_prob" in parameters["dropout"].aliases
    if "image_size" in parameters:
        assert parameters["image_size"].default == configured.image_size


def test_names_of_the_architecture_are_known():
    parameters = FAMILIES["transformer-pretraining"].parameters
    named = {"num_layers": "num_hidden_layers", "hidden_units": "hidden_size", "num_heads": "num_attention_heads"}
    config = transformers.BertConfig()
    for name, library in named.items():
        assert library in parameters[name].aliases
        assert hasattr(config, library)


# Legal values


@pytest.mark.parametrize(("claim", "value"), distinct(TRAINING, inside))
def test_training_accepts_what_is_advised(claim, value, tmp_path):
    assert torch.isfinite(trained(tmp_path, **{claim.argument: value})).all()


@pytest.mark.parametrize(("claim", "value"), distinct(TRAINING, outside))
def test_training_refuses_what_is_illegal(claim, value, tmp_path):
    if is_silent(claim, value):
        trained(tmp_path, **{claim.argument: value})
        return
    with pytest.raises((ValueError, ZeroDivisionError)):
        trained(tmp_path, **{claim.argument: value})


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_schedules_are_those_of_the_library(family):
    known = set(FAMILIES[family].parameters["lr_scheduler_type"].valid.choices)
    assert known == {kind.value for kind in transformers.SchedulerType}


@pytest.mark.parametrize(("claim", "value"), distinct(LORA, inside))
def test_adapters_accept_what_is_advised(claim, value):
    assert adapted(**{claim.argument: value})


@pytest.mark.parametrize(("claim", "value"), distinct(LORA, outside))
def test_adapters_refuse_what_is_illegal(claim, value):
    if is_silent(claim, value):
        adapted(**{claim.argument: value})
        return
    with pytest.raises(ValueError, match=r"should be|has to be"):
        adapted(**{claim.argument: value})


def stepped(claim, **arguments):
    weight = torch.nn.Parameter(torch.ones(3))
    needed = {"momentum": 0.9} if arguments.get("nesterov") else {}
    optimiser = claim.estimator_class([weight], **needed, **arguments)
    weight.grad = torch.ones(3)
    optimiser.step()
    return weight


@pytest.mark.parametrize(("claim", "value"), distinct(OPTIMISERS, inside))
def test_optimisers_accept_what_is_advised(claim, value):
    assert torch.isfinite(stepped(claim, **{claim.argument: value})).all()


@pytest.mark.parametrize(("claim", "value"), distinct(OPTIMISERS, outside))
def test_optimisers_refuse_what_is_illegal(claim, value):
    if is_silent(claim, value):
        stepped(claim, **{claim.argument: value})
        return
    with pytest.raises(ValueError, match="Invalid"):
        stepped(claim, **{claim.argument: value})


def test_nesterov_needs_momentum():
    with pytest.raises(ValueError, match="momentum"):
        torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], nesterov=True)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="multiple"):
        bert(hidden_size=10, num_attention_heads=3)


# What has an effect


def rates(kind, share):
    """The learning rate of the first twenty of a hundred updates."""
    watches = {"eval_strategy": "steps"} if kind in {"reduce_lr_on_plateau", "greedy"} else {}
    args = transformers.TrainingArguments(
        output_dir="unused", use_cpu=True, report_to="none", warmup_steps=share, lr_scheduler_type=kind, **watches
    )
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = transformers.get_scheduler(
        args.lr_scheduler_type, optimiser, args.get_warmup_steps(100), 100, NEEDS.get(kind)
    )
    found = []
    for _ in range(20):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step(0.0) if watches else scheduler.step()
    return found


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("kind", sorted(kind.value for kind in transformers.SchedulerType))
def test_warmup_has_an_effect_exactly_where_the_knowledge_says(family, kind):
    listed = FAMILIES[family].parameters["warmup_ratio"].when["lr_scheduler_type"]
    assert (rates(kind, 0.0) != rates(kind, 0.1)) == (kind in listed)


def test_warmup_below_one_is_a_share_and_from_one_on_a_number_of_steps():
    def steps(value):
        return transformers.TrainingArguments(output_dir="unused", use_cpu=True, warmup_steps=value).get_warmup_steps(
            200
        )

    assert (steps(0.1), steps(1), steps(10), steps(0.0)) == (20, 1, 10, 0)
    assert "warmup_ratio" not in {field.name for field in dataclasses.fields(transformers.TrainingArguments)}


@pytest.mark.parametrize(
    ("family", "rate"), [("transformer-fine-tuning", 1e-4), ("lora", 2e-3), ("vision-fine-tuning", 1e-3)]
)
def test_the_least_weight_decay_acts_as_none(family, rate, tmp_path):
    least = FAMILIES[family].parameters["weight_decay"].acts_as
    without = trained(tmp_path, learning_rate=rate, weight_decay=0.0)
    assert torch.allclose(without, trained(tmp_path, learning_rate=rate, weight_decay=least), rtol=1e-5)
    assert not torch.equal(without, trained(tmp_path, learning_rate=rate, weight_decay=0.3))


def test_only_the_ratio_of_alpha_and_rank_reaches_the_model():
    assert scale(r=8, lora_alpha=16) == scale(r=16, lora_alpha=32) == 2
    assert math.isclose(scale(r=16, lora_alpha=32, use_rslora=True), 32 / math.sqrt(16))


def test_adapters_sit_on_attention_unless_all_linear_layers_are_asked_for():
    alone = adapted(target_modules=None)
    everywhere = adapted(target_modules="all-linear")
    assert {name.rpartition(".")[2] for name in alone} == {"query", "value"}
    assert set(alone) < set(everywhere)
    assert any("intermediate" in name for name in everywhere)
