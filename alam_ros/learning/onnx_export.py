"""A policy file → ONNX: actor, cost critic and multiplier, each verified against the runtime before it counts as written.

For inference engines other than ours. The policy file stays the authority: these models carry neither contract nor calibration.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from alam_ros.errors import PolicyFileError
from alam_ros.policy_file import read_policy
from alam_ros.runtime import PolicyRuntime

OPSET = 17
IR_VERSION = 8
TOLERANCE = 1e-5


class _Graph:
    """Collects the nodes of one model; tensors are named by what they are."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        self._weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def network(self, name: str, layers: int, value: str) -> str:
        """Append the linear layers of a network with ReLU between them."""
        for layer in range(layers):
            weight, bias = (f"{name}.{layer}.{part}" for part in ("weight", "bias"))
            inputs = [value, self.constant(weight, self._weights[weight]), self.constant(bias, self._weights[bias])]
            value = self.add("Gemm", inputs, f"{name}.{layer}", transB=1)
            if layer < layers - 1:
                value = self.add("Relu", [value], f"{name}.{layer}.relu")
        return value


def export_onnx(policy: Path, directory: Path) -> list[Path]:
    """Write `actor.onnx`, `cost_critic.onnx` and, where there are such networks, `multiplier.onnx` and `risk.onnx`.

    Inputs are `observation` (batch, observation_size), for critic and risk `action` (batch, action_size), and for risk also
    `cost_value` and `multiplier` (batch, 1), float32; outputs `action` (deterministic, in [-1, 1]), `cost_value` (the larger of
    the twins), `multiplier` and `risk_score`, which the manifest's calibration maps to a probability.

    Args:
        policy: the policy file.
        directory: made if absent.

    Raises:
        PolicyFileError: when the file is refused, or a model does not answer as the runtime does.
    """
    runtime, weights = PolicyRuntime.load(policy), dict(read_policy(policy).weights)
    models = {"actor": _actor(runtime, weights), "cost_critic": _cost_critic(runtime, weights)}
    if runtime.manifest.networks.multiplier is not None:
        models["multiplier"] = _multiplier(runtime, weights)
    if runtime.manifest.networks.risk is not None:
        models["risk"] = _risk(runtime, weights)
    _verify(runtime, models)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, model in models.items():
        paths.append(directory / f"{name}.onnx")
        onnx.save(model, str(paths[-1]))
    return paths


def _actor(runtime: PolicyRuntime, weights: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    graph = _Graph(weights)
    output = graph.network("actor", runtime.manifest.networks.actor.layers, "observation")
    begin, end = graph.constant("begin", np.array([0])), graph.constant("end", np.array([runtime.contract.action_size]))
    mean = graph.add("Slice", [output, begin, end, graph.constant("axis", np.array([1]))], "mean")
    graph.add("Tanh", [mean], "action")
    return _model(graph, runtime, "action", runtime.contract.action_size)


def _cost_critic(runtime: PolicyRuntime, weights: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    graph, networks = _Graph(weights), runtime.manifest.networks
    pair = graph.add("Concat", ["observation", "action"], "pair", axis=1)
    twins = [
        graph.network("cost_critic_0", networks.cost_critic_0.layers, pair),
        graph.network("cost_critic_1", networks.cost_critic_1.layers, pair),
    ]
    graph.add("Max", twins, "cost_value")
    return _model(graph, runtime, "cost_value", 1, action=runtime.contract.action_size)


def _multiplier(runtime: PolicyRuntime, weights: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    graph, spec = _Graph(weights), runtime.manifest.networks.multiplier
    assert spec is not None
    positive = graph.add("Softplus", [graph.network("multiplier", spec.layers, "observation")], "positive")
    maximum = graph.constant("maximum", np.array([[runtime.manifest.risk.multiplier_max]], np.float32))
    graph.add("Min", [positive, maximum], "multiplier")
    return _model(graph, runtime, "multiplier", 1)


def _risk(runtime: PolicyRuntime, weights: dict[str, NDArray[np.float32]]) -> onnx.ModelProto:
    graph, spec = _Graph(weights), runtime.manifest.networks.risk
    assert spec is not None
    row = graph.add("Concat", ["observation", "action", "cost_value", "multiplier"], "row", axis=1)
    graph.add("Identity", [graph.network("risk", spec.layers, row)], "risk_score")
    return _model(graph, runtime, "risk_score", 1, action=runtime.contract.action_size, cost_value=1, multiplier=1)


def _model(graph: _Graph, runtime: PolicyRuntime, output: str, size: int, **further_inputs: int) -> onnx.ModelProto:
    """Return the model of (batch, observation_size) and of further inputs, name → columns."""

    def tensor(name: str, columns: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", columns])

    inputs = [
        tensor(name, columns) for name, columns in {"observation": runtime.contract.observation_size, **further_inputs}.items()
    ]
    body = helper.make_graph(graph.nodes, output, inputs, [tensor(output, size)], graph.initializers)
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(body, opset_imports=[opset], ir_version=IR_VERSION, producer_name="alam_ros")
    helper.set_model_props(model, {"policy_id": runtime.policy_id})
    onnx.checker.check_model(model)
    return model


def _verify(runtime: PolicyRuntime, models: dict[str, onnx.ModelProto]) -> None:
    """Hold each model's answers to the golden observations against the runtime's."""
    golden = runtime.manifest.golden
    observation, action = np.array(golden.observations, np.float32), np.array(golden.actions, np.float32)
    scores = [runtime.risk(state, act) for state, act in zip(observation, action, strict=True)]
    expected = {
        "actor": np.stack([runtime.act(state) for state in observation]),
        "cost_critic": np.array([[score.cost_value] for score in scores]),
        "multiplier": np.array([[score.multiplier] for score in scores]),
        "risk": np.array(golden.risk_scores or (), np.float64)[:, None],
    }
    known = {"observation": observation, "action": action}
    known |= {
        name: expected[model].astype(np.float32) for name, model in (("cost_value", "cost_critic"), ("multiplier", "multiplier"))
    }
    for name, model in models.items():
        feed = {entry.name: known[entry.name] for entry in model.graph.input}
        (found,) = ReferenceEvaluator(model).run(None, feed)
        error = float(np.abs(found - expected[name]).max())
        if not error <= TOLERANCE * (1.0 + float(np.abs(expected[name]).max())):
            raise PolicyFileError(f"`{name}.onnx` within {TOLERANCE} of the runtime", f"an error of {error:.3g}", "report this")
