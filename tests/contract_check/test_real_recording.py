"""A drive over real ROS, recorded by our own recorder, fits the contract it was driven with, and not another robot's."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from alam_ros.bags.reader import BagReader
from alam_ros.cli.main import main
from alam_ros.contract import Contract
from alam_ros.resources import config_path
from tests.support.policies import write_sample_policy
from tests.support.ros import RosGraph  # first: it skips the module where ROS is absent

pytest.importorskip("rosbags", reason="recordings need the package rosbags")
pytest.importorskip("pybullet", reason="the drive needs the simulator")

from alam_ros.msg import RiskEstimate  # isort: skip
from alam_ros.nodes.qos import RISK  # isort: skip

NAVIGATION = config_path("contracts/navigation.yaml")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drive for some seconds in the namespace of a robot and return the recording."""
    folder = tmp_path_factory.mktemp("drive")
    policy = write_sample_policy(folder / "policy.alam", contract=Contract.load(NAVIGATION))
    with RosGraph(folder) as ros:
        parameters = {"output": str(folder / "bag"), "robot": str(NAVIGATION)}
        recorder = ros.start("bag_recorder_node", parameters=parameters, remappings={"cmd_in": "cmd_vel"}, namespace="/robot1")
        ros.start("policy_node", parameters={"policy": str(policy)}, remappings={"~/action": "cmd_vel"}, namespace="/robot1")
        ros.configure_and_activate("/robot1/policy")
        risks = ros.collect(RiskEstimate, "/robot1/alam/risk", RISK)
        ros.start("simulator_node", parameters={"seed": 5}, namespace="/robot1")
        ros.wait_for(lambda: len(risks) >= 50, "fifty control ticks", timeout=30.0)
        assert recorder.terminate() == 0
    (folder / "said").write_text(recorder.output())
    return folder / "bag"


def test_the_recorder_says_what_it_records_and_what_never_came(recording: Path) -> None:
    first, *_, last = (recording.parent / "said").read_text().splitlines()
    with BagReader(recording) as bag:
        assert first.endswith(f"recording {len(bag.counts)} topics to {recording}")
        assert f"recorded {sum(bag.counts.values())} messages; nothing came on " in last
        silent = {topic for topic, count in bag.counts.items() if not count}
    assert set(last.rpartition("nothing came on ")[2].split(", ")) == silent
    assert "/robot1/alam/gate" in silent
    assert "/robot1/scan" not in silent


def check(contract: Path, recording: Path, *options: str) -> int:
    return main(["contract", "check", str(contract), "--bag", str(recording), *options])


def test_a_recorded_drive_fits_its_contract_in_every_line(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = check(NAVIGATION, recording, "--namespace", "robot1")
    said = capsys.readouterr().out
    print(said)
    assert code == 0
    assert "FAILS" not in said
    assert "one every 0.100 s (trained with 0.1 s)" in said
    assert "scan: 36 beams from -3.14 by 0.1745 rad" in said
    assert "linear.x: commanded" in said


def test_without_its_namespace_the_topics_that_are_there_are_named(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(NAVIGATION, recording) == 1
    assert "FAILS topic /scan: not recorded; recorded of this type: /robot1/scan" in capsys.readouterr().out


def test_another_robot_s_contract_does_not_fit(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = yaml.safe_load(NAVIGATION.read_text())
    mapping["control_period"] = 0.05
    mapping["observation"][0]["frame"] = "laser"
    mapping["observation"][1]["range"] = [[-0.001, 0.001], [-2.5, 2.5]]
    mapping["action"]["components"][1].update(low=-0.001, high=0.001)
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(mapping))
    assert check(tmp_path / "other.yaml", recording, "--namespace", "robot1") == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAILS")]
    print("\n".join(failed))
    assert any("`scan` in the frame `laser`; found `base_link`" in line for line in failed)
    assert any("element 0 outside its range -0.001 to 0.001" in line for line in failed)
    assert any("would be stopped: angular.z beyond its limits" in line for line in failed)
    assert any("control ticks: none of" in line for line in failed)
