"""What the knowledge says of PyTorch's optimisers and of scikit-learn's perceptrons, against the real ones."""

from __future__ import annotations

import inspect
import warnings

import claims as knowledge
import numpy as np
import pytest

from advisor.effects import FactBound
from advisor.knowledge import Legal

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'hpo-advisor[truth]'")
neural_network = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")

pytestmark = pytest.mark.truth

FAMILIES = {"mlp-sgd", "mlp-adam", "tabular-transformer", "cnn"}
OF_TORCH = [c for c in knowledge.claims("torch.optim.") if c.family in FAMILIES]
OF_SKLEARN = [c for c in knowledge.claims("sklearn.neural_network.") if c.family in FAMILIES]
SOLVERS = {"mlp-sgd": "sgd", "mlp-adam": "adam"}

# PyTorch takes these without a word; the knowledge keeps to what makes sense. A rate of 0 trains nothing, an epsilon of
# 0 divides by 0 where a gradient is 0, and a momentum above 1 diverges and is refused by scikit-learn.
NONSENSE_THAT_TORCH_TAKES = {("lr", 0.0), ("eps", 0.0), ("momentum", 1 + 1e-6)}
# Words for activations that PyTorch's users write and scikit-learn does not have stand in `also`.
NOT_IN_SKLEARN = {"activation"}


def named(claim):
    return str(claim)


def ends(claim):
    """Values that the knowledge advises to try: both ends of the range, or all choices."""
    search = claim.parameter.search
    if search is None:
        return []
    if search.choices is not None:
        return list(search.choices)
    return [bound for bound in (search.low, search.high) if not isinstance(bound, FactBound)]


def just_outside(valid: Legal):
    """The values next to the legal range that do not belong to it."""
    step = 1 if valid.type == "int" else 1e-6
    if valid.low is not None:
        yield valid.low if valid.low_open else valid.low - step
    if valid.high is not None:
        yield valid.high if valid.high_open else valid.high + step


def optimiser(claim, **arguments):
    return claim.estimator_class([torch.nn.Parameter(torch.ones(3))], **arguments)


def arguments_for(claim, value):
    """The argument, and what it cannot be without."""
    return {claim.argument: value, **({"momentum": 0.9} if claim.argument == "nesterov" and value else {})}


# PyTorch


@pytest.mark.parametrize("claim", OF_TORCH, ids=named)
def test_an_optimiser_takes_the_argument_and_has_the_default(claim):
    parameters = inspect.signature(claim.estimator_class).parameters
    assert claim.argument in parameters
    assert parameters[claim.argument].default == claim.default


@pytest.mark.parametrize("claim", OF_TORCH, ids=named)
def test_an_optimiser_steps_with_what_is_advised(claim):
    for value in [*ends(claim), claim.default]:
        weights = torch.nn.Parameter(torch.ones(3))
        stepping = claim.estimator_class([weights], **arguments_for(claim, value))
        weights.sum().backward()
        stepping.step()
        assert torch.isfinite(weights).all()


@pytest.mark.parametrize("claim", [c for c in OF_TORCH if c.parameter.valid.type != "categorical"], ids=named)
def test_an_optimiser_refuses_what_is_outside_the_legal_range(claim):
    below = claim.parameter.valid.low - 1e-6
    for value in {below, *just_outside(claim.parameter.valid)}:
        if (claim.argument, value) in NONSENSE_THAT_TORCH_TAKES:
            optimiser(claim, **{claim.argument: value})
            continue
        with pytest.raises(ValueError, match="Invalid"):
            optimiser(claim, **{claim.argument: value})


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_beta1_and_beta2_are_a_pair_with_the_defaults_and_limits_of_the_knowledge(name):
    optimiser_class = getattr(torch.optim, name)
    parameters = inspect.signature(optimiser_class).parameters
    assert "beta1" not in parameters
    family = next(f for f in knowledge.families() if f.family == "mlp-adam")
    betas = [family.parameters["beta1"], family.parameters["beta2"]]
    assert parameters["betas"].default == tuple(beta.default for beta in betas)
    first, second = (beta.search for beta in betas)
    weights = [torch.nn.Parameter(torch.ones(3))]
    for beta1 in (first.low, first.high):
        for beta2 in second.choices:
            optimiser_class(weights, betas=(beta1, beta2))
    for index, beta in enumerate(betas):
        for value in just_outside(beta.valid):
            pair = (value, 0.999) if index == 0 else (0.9, value)
            with pytest.raises(ValueError, match="Invalid beta"):
                optimiser_class(weights, betas=pair)


def test_nesterov_is_refused_without_momentum_and_so_conditional_on_it():
    weights = [torch.nn.Parameter(torch.ones(3))]
    with pytest.raises(ValueError, match="Nesterov"):
        torch.optim.SGD(weights, momentum=0.0, nesterov=True)
    for family in knowledge.families():
        if family.family in {"mlp-sgd", "cnn"}:
            allowed = family.parameters["nesterov"].when["momentum"]
            assert set(allowed) == set(family.parameters["momentum"].search.choices)
            for momentum in allowed:
                torch.optim.SGD(weights, momentum=momentum, nesterov=True)


def test_weight_decay_is_decoupled_in_adamw_and_part_of_the_gradient_in_adam():
    def after_one_step(optimiser_class, weight_decay):
        weights = torch.nn.Parameter(torch.tensor([2.0]))
        stepping = optimiser_class([weights], lr=0.1, weight_decay=weight_decay)
        (weights * 0.5).sum().backward()
        stepping.step()
        return weights.item()

    shrunk = after_one_step(torch.optim.AdamW, 0.0) - after_one_step(torch.optim.AdamW, 0.5)
    assert shrunk == pytest.approx(0.1 * 0.5 * 2.0, rel=1e-4)
    assert after_one_step(torch.optim.Adam, 0.5) == pytest.approx(after_one_step(torch.optim.Adam, 0.0), abs=1e-4)


def test_the_least_weight_decay_acts_like_none():
    """`acts_as` says so; 2,000 steps at the highest advised rate move a weight by less than three per cent."""
    for claim in OF_TORCH:
        if claim.argument != "weight_decay" or claim.default != 0.0:
            continue
        rate = 0.5 if claim.estimator.endswith("SGD") else 0.01
        results = []
        for weight_decay in (0.0, claim.parameter.acts_as):
            weights = torch.nn.Parameter(torch.tensor([1.0]))
            stepping = claim.estimator_class([weights], lr=rate, weight_decay=weight_decay)
            for step in range(2000):
                stepping.zero_grad()
                (weights * (0.1 if step % 2 else -0.1)).sum().backward()
                stepping.step()
            results.append(weights.item())
        assert results[1] == pytest.approx(results[0], rel=0.03), str(claim)


# The transformer's own constraint


def test_attention_refuses_a_width_that_its_heads_do_not_divide():
    torch.nn.MultiheadAttention(192, 8)
    with pytest.raises(AssertionError, match="divisible"):
        torch.nn.MultiheadAttention(196, 8)


def test_every_advised_width_of_the_transformer_is_divided_by_its_heads():
    family = next(f for f in knowledge.families() if f.family == "tabular-transformer")
    width, heads = family.parameters["d_token"], family.parameters["num_heads"].default
    assert all(value % heads == 0 for value in range(width.search.low, width.search.high + 1, width.search.step))
    assert all(start.values.get("d_token", width.default) % heads == 0 for start in family.starts)


# scikit-learn


def table(rows=60):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 4))
    return x, (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(int)


def fitted(estimator_class, **arguments):
    """A tiny network, fitted; that so few epochs do not converge is expected."""
    x, y = table()
    given = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0, **arguments}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Stochastic Optimizer: Maximum iterations")
        warnings.filterwarnings("ignore", message="Got `batch_size` less than 1 or larger than sample size")
        return estimator_class(**given).fit(x, y)


def prediction(estimator_class, **arguments):
    network = fitted(estimator_class, **arguments)
    x, _ = table()
    return network.predict_proba(x) if hasattr(network, "predict_proba") else network.predict(x)


@pytest.mark.parametrize("claim", OF_SKLEARN, ids=named)
def test_a_perceptron_takes_the_argument_and_has_the_default(claim):
    parameters = inspect.signature(claim.estimator_class).parameters
    assert claim.argument in parameters
    assert parameters[claim.argument].default == claim.default


@pytest.mark.parametrize("claim", OF_SKLEARN, ids=named)
def test_a_perceptron_is_fitted_with_what_is_advised(claim):
    for value in ends(claim):
        rate = {} if claim.argument in {"alpha", "learning_rate_init"} else {"learning_rate_init": 1e-4}
        fitted(claim.estimator_class, solver=SOLVERS[claim.family], **rate, **{claim.argument: value})


@pytest.mark.parametrize("claim", [c for c in OF_SKLEARN if c.parameter.valid.type == "categorical"], ids=named)
def test_a_perceptron_takes_all_legal_words_and_no_others(claim):
    (constraint, *_) = claim.estimator_class._parameter_constraints[claim.argument]
    legal = {True, False} if constraint == "boolean" else set(constraint.options)
    assert set(claim.parameter.valid.choices) == legal
    assert not set(claim.parameter.valid.also) or claim.argument in NOT_IN_SKLEARN


@pytest.mark.parametrize("claim", [c for c in OF_SKLEARN if c.parameter.valid.type != "categorical"], ids=named)
def test_a_perceptron_has_the_legal_range_of_the_knowledge(claim):
    from sklearn.utils._param_validation import InvalidParameterError

    for value in just_outside(claim.parameter.valid):
        with pytest.raises(InvalidParameterError, match=claim.argument):
            fitted(claim.estimator_class, solver=SOLVERS[claim.family], **{claim.argument: value})
    valid = claim.parameter.valid
    for value, is_open in ((valid.low, valid.low_open), (valid.high, valid.high_open)):
        if value is not None and not is_open:
            fitted(claim.estimator_class, solver=SOLVERS[claim.family], **{claim.argument: value})


# With sgd these show only after many epochs, and have a test of their own.
SCHEDULES = {"learning_rate", "power_t"}

DEAD = [
    ("adam", "momentum", 0.5, 0.99),
    ("adam", "nesterovs_momentum", True, False),
    ("adam", "learning_rate", "constant", "adaptive"),
    ("adam", "power_t", 0.1, 0.9),
    ("sgd", "beta_1", 0.5, 0.99),
    ("sgd", "beta_2", 0.9, 0.9999),
    ("sgd", "epsilon", 1e-8, 1e-2),
]


@pytest.mark.parametrize("estimator", ["MLPClassifier", "MLPRegressor"])
@pytest.mark.parametrize(("solver", "argument", "one", "other"), DEAD)
def test_what_belongs_to_the_other_solver_has_no_effect_and_is_not_in_the_family(
    estimator, solver, argument, one, other
):
    estimator_class = getattr(neural_network, estimator)
    predictions = [prediction(estimator_class, solver=solver, **{argument: value}) for value in (one, other)]
    assert np.array_equal(*predictions)
    family = next(name for name, its_solver in SOLVERS.items() if its_solver == solver)
    assert argument not in {c.argument for c in OF_SKLEARN if c.family == family}


@pytest.mark.parametrize("estimator", ["MLPClassifier", "MLPRegressor"])
@pytest.mark.parametrize(("solver", "argument", "one", "other"), [d for d in DEAD if d[1] not in SCHEDULES])
def test_what_has_no_effect_under_one_solver_has_one_under_the_other(estimator, solver, argument, one, other):
    estimator_class = getattr(neural_network, estimator)
    living = "sgd" if solver == "adam" else "adam"
    predictions = [prediction(estimator_class, solver=living, **{argument: value}) for value in (one, other)]
    assert not np.array_equal(*predictions)


def test_the_schedule_has_an_effect_with_sgd():
    plain, *others = (
        prediction(neural_network.MLPClassifier, solver="sgd", learning_rate=schedule, power_t=power)
        for schedule, power in (("constant", 0.5), ("invscaling", 0.5), ("invscaling", 0.9))
    )
    assert not np.array_equal(plain, others[0])
    assert not np.array_equal(*others)


def test_nesterov_has_no_effect_without_momentum():
    predictions = [
        prediction(neural_network.MLPClassifier, solver="sgd", momentum=0.0, nesterovs_momentum=value)
        for value in (True, False)
    ]
    assert np.array_equal(*predictions)


@pytest.mark.parametrize(("batch_size", "rows"), [(10, 10), (60, 60)])
def test_alpha_is_divided_by_the_rows_of_a_batch(batch_size, rows):
    x, y = table(rows)

    def weights(alpha):
        network = neural_network.MLPRegressor(
            hidden_layer_sizes=(5,), solver="sgd", momentum=0.0, learning_rate_init=0.1, alpha=alpha,
            batch_size=batch_size, random_state=0, shuffle=False,
        )  # fmt: skip
        return network.partial_fit(x, y).coefs_[0]

    initial = neural_network.MLPRegressor(
        hidden_layer_sizes=(5,), solver="sgd", momentum=0.0, learning_rate_init=1e-12, batch_size=batch_size,
        random_state=0, shuffle=False,
    )  # fmt: skip
    start = initial.partial_fit(x, y).coefs_[0]
    assert weights(0.0) - weights(1.0) == pytest.approx(0.1 * 1.0 / rows * start, rel=1e-3, abs=1e-6)


def test_auto_means_batches_of_at_most_two_hundred_rows():
    x, y = table(500)

    def losses(batch_size):
        network = neural_network.MLPRegressor(hidden_layer_sizes=(5,), batch_size=batch_size, random_state=0)
        return network.partial_fit(x, y).loss_

    assert losses("auto") == losses(200)
    assert losses("auto") != losses(100)


@pytest.mark.parametrize("family", sorted(SOLVERS))
def test_the_solver_makes_a_perceptron_a_member_of_its_family(family):
    described = next(f for f in knowledge.families() if f.family == family)
    of_sklearn = [e for e in described.models if e.name.startswith("sklearn.")]
    assert [e.given for e in of_sklearn] == [{"solver": SOLVERS[family]}] * 2
    for estimator in of_sklearn:
        fitted(getattr(neural_network, estimator.name.rpartition(".")[2]), **estimator.given)


def test_there_is_a_claim_for_every_family():
    assert {c.family for c in OF_TORCH} == FAMILIES
    assert {c.family for c in OF_SKLEARN} == set(SOLVERS)
