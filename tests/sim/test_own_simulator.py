"""What docs/simulators.md says of a simulator of one's own, held against the example it gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import yaml
from gymnasium.utils.env_checker import check_env

from alam_ros.cli.environments import make_environments
from alam_ros.cli.main import main
from alam_ros.errors import SimulatorError
from alam_ros.learning.config import EnvironmentConfig
from alam_ros.learning.stepper import running
from alam_ros.runtime import PolicyRuntime
from tests.support.training import tiny_mapping

EXAMPLE = Path(__file__).parents[2] / "examples" / "trolley"
SMALL = ("trainer.steps=400", "trainer.random_steps=100", "trainer.evaluate_every=200", "trainer.evaluation_episodes=2")


@pytest.fixture
def trolley(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example's environment, its module on the Python path."""
    monkeypatch.syspath_prepend(EXAMPLE)
    environment = gymnasium.make("trolley:Trolley-v0")
    yield environment
    environment.close()


def alam(*arguments: str) -> str:
    """Run the command with the example's module on the Python path and return what it printed."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.cli.alam", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(EXAMPLE), os.environ.get("PYTHONPATH", "")))},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


def drive(environment: Any, speed: float) -> list[dict[str, Any]]:
    """Return what the steps of one episode say, driven to the goal at a share of full speed."""
    observation, _ = environment.reset(seed=3)
    infos, ended = [], False
    while not ended:
        position, goal = 3.5 * observation[0], 3.0 * observation[2]
        observation, _, _, ended, info = environment.step(np.array([speed * np.sign(goal - position)], np.float32))
        infos.append(info)
    return infos


def test_the_example_is_a_gymnasium_environment(trolley: Any) -> None:
    check_env(trolley.unwrapped)
    assert trolley.spec.max_episode_steps == 200


def test_who_drives_fast_over_the_crossing_pays_and_who_drives_slowly_does_not(trolley: Any) -> None:
    fast, slow = drive(trolley, 1.0), drive(trolley, 0.4)
    assert sum(info["cost"] for info in fast) > 5
    assert sum(info["cost"] for info in slow) == 0
    assert all((info["cost"] == 1.0) == (info["clearance"] < 0.0) for info in fast)
    assert set(fast[0]["samples"]) == {topic for topic, _ in trolley.unwrapped.contract.topics()}


def test_the_example_trains_evaluates_and_becomes_a_policy_file(tmp_path: Path) -> None:
    run, policy = tmp_path / "run", tmp_path / "trolley.alam"
    alam("train", str(EXAMPLE / "train.yaml"), *SMALL, f"trainer.directory={run}")
    assert len(json.loads(alam("evaluate", str(run), "--episodes", "2", "--json"))["episodes"]) == 2
    alam("export", str(run), "--output", str(policy))
    runtime = PolicyRuntime.load(policy)
    assert runtime.contract.name == "trolley"
    assert runtime.act(np.zeros(5, np.float32)).shape == (1,)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("Pendulum-v1", r"actions in \[-1, 1\]"), ("absent_module:Any-v0", "the module on the Python path"), ("Any-v0", "Any")],
)
def test_what_cannot_be_trained_on_is_refused_with_the_reason(environment: str, expected: str) -> None:
    with pytest.raises(SimulatorError, match=expected), running(make_environments, EnvironmentConfig(id=environment), 1):
        pass


NO_CONTRACT = """
import gymnasium
import numpy as np

class NoContractEnv(gymnasium.Env):
    observation_space = action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

gymnasium.register("NoContract-v0", entry_point=NoContractEnv)
"""


def test_an_environment_without_a_contract_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no_contract.py").write_text(NO_CONTRACT)
    monkeypatch.syspath_prepend(tmp_path)
    config = EnvironmentConfig(id="no_contract:NoContract-v0")
    with running(make_environments, config, 1) as stepper, pytest.raises(SimulatorError) as refusal:
        stepper.contract()
    assert "`Contract`" in str(refusal.value)
    assert "A simulator of your own" in str(refusal.value)


OTHER_SIZES = """
import gymnasium
import numpy as np
import trolley

class OtherSizesEnv(trolley.TrolleyEnv):
    def __init__(self, observations, actions):
        super().__init__()
        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (observations,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (actions,), np.float32)

gymnasium.register("OtherSizes-v0", entry_point=OtherSizesEnv)
"""


@pytest.mark.parametrize(
    ("observations", "actions", "expected"),
    [(3, 1, "expected observations of 5 elements, as the contract's; found 3;"), (5, 2, "expected actions of 1 elements")],
)
def test_an_environment_of_other_sizes_than_its_contract_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, observations: int, actions: int, expected: str
) -> None:
    (tmp_path / "other_sizes.py").write_text(OTHER_SIZES)
    for folder in (EXAMPLE, tmp_path):
        monkeypatch.syspath_prepend(folder)
    config = EnvironmentConfig(id="other_sizes:OtherSizes-v0", arguments={"observations": observations, "actions": actions})
    with running(make_environments, config, 1) as stepper, pytest.raises(SimulatorError, match=expected):
        stepper.contract()


def test_an_environment_that_only_this_process_knows_is_refused() -> None:
    gymnasium.register("OnlyHere-v0", entry_point=lambda: gymnasium.make("CartPole-v1"))
    with pytest.raises(SimulatorError, match="import it by"), running(make_environments, EnvironmentConfig(id="OnlyHere-v0"), 1):
        pass


OTHERS = """
import gymnasium
import numpy as np
from alam_ros.contract import Contract

class Broken(gymnasium.Env):
    def __init__(self):
        raise ValueError("no licence for\\nthis simulator")

class Graded(gymnasium.Env):
    observation_space = action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)
    contract = Contract.from_mapping({"name": "graded", "control_period": 0.1, "trigger": "x",
        "observation": [{"name": "x", "topic": "x", "type": "std_msgs/msg/Float32MultiArray", "field": "data",
                         "size": 1, "unit": "m", "timeout": 1.0}],
        "action": {"topic": "u", "type": "std_msgs/msg/Float64MultiArray",
                   "components": [{"name": "u", "unit": "m/s", "low": -1.0, "high": 1.0}]}})

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        return np.zeros(1, np.float32), 0.0, False, False, {"cost": 5.0, "violation": 0.5}

gymnasium.register("Broken-v0", entry_point=Broken)
gymnasium.register("Graded-v0", entry_point=Graded, max_episode_steps=20)
"""


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more simulators on the Python path."""
    (tmp_path / "other_simulators.py").write_text(OTHERS)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("others")
def test_a_simulator_that_fails_as_it_is_made_is_told_with_its_words(capfd: pytest.CaptureFixture[str]) -> None:
    config = EnvironmentConfig(id="other_simulators:Broken-v0")
    with pytest.raises(SimulatorError, match="ValueError: no licence for this simulator"), running(make_environments, config, 1):
        pass
    assert "Traceback" in capfd.readouterr().err  # where it failed


@pytest.mark.usefixtures("others")
def test_what_the_budget_counts_is_told_where_costs_are_graded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    constraint = {"episode_cost_limit": 10.0, "episode_steps": 20}
    mapping = tiny_mapping(tmp_path / "run", {"constraint": constraint}, steps=100)
    mapping["environment"] = {"id": "other_simulators:Graded-v0", "copies": 2}
    path = tmp_path / "graded.yaml"
    path.write_text(yaml.safe_dump(mapping))
    assert main(["train", str(path)]) == 0
    told = (
        "the budget of 10 is kept a step, in violations: 20 steps of the last evaluation spend 10.0, while an episode cost 100.0"
    )
    assert told in capsys.readouterr().err
    assert main(["evaluate", str(tmp_path / "run"), "--episodes", "2"]) == 0
    assert "budget      10.00 spent of 10 violations in 20 steps" in capsys.readouterr().out
