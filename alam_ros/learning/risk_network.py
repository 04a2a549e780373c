"""A network that foretells violations, trained by what followed in recorded episodes (docs/risk.md, decision 0007).

Cost critics are trained by bootstrapping on whatever the replay holds; a violation of a safe policy is rare and comes from what
its own critic does not see. This network is trained afterwards, on the final policy's episodes alone, and by labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from alam_ros.learning.evaluation import EpisodeRecord
from alam_ros.learning.futures import Futures

HIDDEN = (256, 256)
DROPOUT = 0.3
WEIGHT_DECAY = 1e-2
LEARNING_RATE = 1e-3
BATCH = 512
STEPS = 4000
POSITIVE_SHARE = 0.25
"""Share of each batch that is drawn from states before a violation, which may be one in a hundred."""
NEAR_MISSES = 4
"""Further outputs: whether the least clearance ahead is among the lowest 2, 4, 8, 16 times the share of violations."""
NARROWEST_DEVIATION = 1e-2
UNVARIED = 1e-5
"""Deviation, as a share of one more than the mean, up to which an input counts as constant."""
Array = NDArray[np.float32]


@dataclass(frozen=True)
class RiskNetwork:
    """A trained network: rows [observation, action, Q_c, λ̄] → a score that rises with the risk of a violation.

    Attributes:
        layers: weight (out, in) and bias (out,) of each linear layer, ReLU between them; the last one has one output.
    """

    layers: tuple[tuple[Array, Array], ...]

    def __call__(self, rows: Array) -> Array:
        """Return the score of each row, (n,)."""
        last = len(self.layers) - 1
        for index, (weight, bias) in enumerate(self.layers):
            rows = rows @ weight.T + bias
            if index < last:
                rows = np.maximum(rows, 0.0)
        return rows[:, 0]


def risk_inputs(records: Sequence[EpisodeRecord]) -> Array:
    """Return the network's input for each state of the episodes, (n, observation_size + action_size + 2)."""
    columns = [
        np.concatenate((record.observation, record.action, record.cost_value[:, None], record.multiplier[:, None]), axis=1)
        for record in records
    ]
    return np.concatenate(columns).astype(np.float32)


def fit_risk_network(
    records: Sequence[EpisodeRecord], what_followed: Futures, horizon: int, *, seed: int, steps: int = STEPS
) -> RiskNetwork:
    """Train on all states whose future is known, those in violation included.

    Judged are the others alone, but a robot that touches something asks as well: untrained, the network answered "no risk" in
    most of those states.

    The loss is binary cross-entropy of "a violation follows within the horizon" and, where the simulator tells the clearance, of
    "it becomes this narrow" for four wider bounds: near misses tell of danger long before there are enough violations to.

    Args:
        records: episodes; some states must precede a violation and some must not.
        what_followed: of the same states.
        horizon: H, control steps.
        seed: of weights, batches and dropout.
        steps: gradient steps.
    """
    kept = what_followed.is_known(horizon)
    rows = risk_inputs(records)[kept]
    targets = _targets(records, what_followed, horizon)[kept]
    mean, spread = rows.mean(0), rows.std(0, dtype=np.float64)
    deviation = np.maximum(spread, NARROWEST_DEVIATION)
    is_constant = spread <= UNVARIED * (1.0 + np.abs(mean))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        scaled = ((rows - mean) / deviation).astype(np.float32)
        network = _trained(torch.from_numpy(scaled), torch.from_numpy(targets), steps)
    return _folded(network, mean, np.where(is_constant, np.inf, deviation))


def _targets(records: Sequence[EpisodeRecord], what_followed: Futures, horizon: int) -> Array:
    """Return the label and, where clearances are known, the near misses, (n, 1 or 5)."""
    label = what_followed.label(horizon)
    nearest = np.concatenate([_least_ahead(record.clearance, horizon) for record in records])
    targets = [label]
    if not np.isnan(nearest).any():
        shares = np.minimum(label[what_followed.headline(horizon)].mean() * 2.0 ** np.arange(1, NEAR_MISSES + 1), 0.9)
        targets += [nearest <= bound for bound in np.quantile(nearest, shares)]
    return np.stack(targets, axis=1).astype(np.float32)


def _least_ahead(clearance: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """Return the least clearance in the states t + 1 … t + H, as far as the episode goes, (T,)."""
    padded = np.concatenate((clearance, np.full(horizon - 1, np.inf)))
    least: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(padded, horizon).min(axis=1)
    return least


def _trained(rows: Tensor, targets: Tensor, steps: int) -> nn.Sequential:
    network = _network(rows.shape[1], targets.shape[1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    positives = torch.nonzero(targets[:, 0]).squeeze(1)
    balanced = int(BATCH * POSITIVE_SHARE)
    for _ in range(steps):
        picks = torch.randint(len(rows), (BATCH,))
        picks[:balanced] = positives[torch.randint(len(positives), (balanced,))]
        loss = functional.binary_cross_entropy_with_logits(network(rows[picks]), targets[picks])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return network


def _network(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for size in HIDDEN:
        layers += [nn.Linear(inputs, size), nn.ReLU(), nn.Dropout(DROPOUT)]
        inputs = size
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


def _folded(network: nn.Sequential, mean: Array, deviation: Array) -> RiskNetwork:
    """Return the network for raw rows: W (x - μ) / σ + b = (W / σ) x + (b - (W / σ) μ); only its first output is kept.

    An input that never varied has no say (σ infinite): what the network would make of it is what its weights began as.
    """
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    layers = [(layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()) for layer in linear]
    weight, bias = layers[0]
    layers[0] = (weight / deviation, bias - (weight / deviation) @ mean)
    weight, bias = layers[-1]
    layers[-1] = (weight[:1], bias[:1])
    return RiskNetwork(tuple((weight.astype(np.float32), bias.astype(np.float32)) for weight, bias in layers))
