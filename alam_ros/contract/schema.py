"""The contract's document: what each observation channel and each action component means, with units and ranges."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import yaml

from alam_ros.contract.extractor import ExtractorType
from alam_ros.contract.extractors import EXTRACTORS
from alam_ros.errors import ConfigurationError, ContractError
from alam_ros.typed import from_mapping, to_mapping
from alam_ros.yaml_text import parse_yaml

TWIST_TYPES = ("geometry_msgs/msg/TwistStamped", "geometry_msgs/msg/Twist")
TWIST_COMPONENTS = tuple(f"{part}.{axis}" for part in ("linear", "angular") for axis in "xyz")
OWN_TOPICS = ("policy/action", "alam/risk", "alam/gate", "alam/gate_trace", "alam/markers", "diagnostics")
"""Those on which our nodes publish something else than a robot's commands."""
JOINT_TYPES = ("std_msgs/msg/Float64MultiArray", "trajectory_msgs/msg/JointTrajectory")
TOPIC = re.compile(r"(~/|/)?[A-Za-z_]\w*(/[A-Za-z_]\w*)*", re.ASCII)
"""A name of which ROS makes a topic (https://design.ros2.org/articles/topic_and_service_names.html)."""
LARGEST = 100_000
"""Elements of a channel, and ticks that its history spans: beyond it there is a slip of the pen, and no memory."""
LONGEST_TIMEOUT_S = 60.0
Bounds = tuple[float, float]
OPTIONS = ("frame", "first", "array_size", "angle_min", "angle_max", "sensor_yaw", "inverted", "zero")
"""Keys of a channel that some kinds heed and others do not: on those they would be set in vain."""
MEANING = (
    *("name", "type", "field", "size", "range", "scale", "decay", "power", "unit", "history", "stride"),
    *("angle_min", "angle_max"),
)
"""What of a channel may not differ between training and a robot."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One named part of the observation.

    Attributes:
        name: what messages about this channel call it.
        topic: ROS topic (relative names are resolved in the node's namespace).
        type: ROS interface name of the topic.
        field: which quantity of the sample; see `alam_ros.contract.extractors`.
        size: elements of one frame (history excluded).
        range: physical (low, high) for all elements or for each, scaled to [-1, 1] and clipped; None passes values through.
        scale: `logarithmic` spreads the near end of ranges, where a centimetre matters; it needs a range above 0. `exponential`
            spreads it more and says nothing of what is far: exp(-(x - low) / decay), 1 at the near end.
        decay: of the exponential scale, in the channel's unit.
        unit: of the elements, for people.
        frame: frame the sample must be in; empty accepts any. Joint states and arrays have none. TF joins a goal's with that of
            what it is seen from; where a goal's is empty, both must be the same.
        reference_topic: for goals, what they are seen from: odometry for `goal_polar`, the tool's pose for `goal_direction`.
        joints: for joint states, the joint of each element.
        first: for arrays, where in the array the channel begins; several channels may share one array.
        array_size: for arrays, elements of the whole one; None where the channel is all of it.
        power: elements are raised to it and keep their sign. It spreads the near end of a sensor that gives closeness in [0, 1].
        angle_min, angle_max: for scans, rad; `size` sectors of equal width between them, edge to edge. Of a full turn the first
            is centred on `angle_min`.
        sensor_yaw: for scans, rad: how the sensor is turned about the body's z axis; a robot's own.
        inverted: for scans, whether the sensor hangs upside down (a roll of half a turn, then the yaw), so that its angles run
            clockwise on the body; a robot's own.
        zero: for scans, what a range of zero means in this sensor's driver; a robot's own. `no_return` counts as far, and
            `no_measurement` as near where no other beam of its sector measured anything.
        history: frames kept, newest first; `stride` control ticks lie between them.
        timeout: s of silence after which the channel is stale; None for a latched channel, such as a goal.
    """

    name: str
    topic: str
    type: str
    field: str
    size: int
    range: Bounds | tuple[Bounds, ...] | None = None
    scale: Literal["linear", "logarithmic", "exponential"] = "linear"
    decay: float | None = None
    unit: str = ""
    frame: str = ""
    reference_topic: str = ""
    joints: tuple[str, ...] = ()
    first: int = 0
    array_size: int | None = None
    power: float = 1.0
    angle_min: float = -math.pi
    angle_max: float = math.pi
    sensor_yaw: float = 0.0
    inverted: bool = False
    zero: Literal["no_measurement", "no_return"] = "no_measurement"
    history: int = 1
    stride: int = 1
    timeout: float | None = 0.5

    def __post_init__(self) -> None:
        """Refuse what cannot be assembled."""
        known = EXTRACTORS.get((self.type, self.field))
        if known is None:
            choices = "; ".join(f"{kind} {field}" for kind, field in sorted(EXTRACTORS))
            raise ContractError(f"a type and field among {choices}", f"{self.type} {self.field}", self._remedy("type"))
        for key, topic in (("topic", self.topic), ("reference_topic", self.reference_topic or self.topic)):
            _check_topic(topic, self._remedy(key))
        self._check_needs(known)
        self._check_array()
        self._check_numbers()
        self._check_range()
        self._check_scale()

    def _check_needs(self, extractor: ExtractorType) -> None:
        if extractor.size is not None and extractor.size != self.size:
            raise ContractError(f"size {extractor.size} for `{self.field}`", str(self.size), self._remedy("size"))
        if extractor.needs_range and self.range is None:
            raise ContractError(f"a `range` for `{self.field}`", "none", self._remedy("range"))
        if bool(extractor.reference_type) != bool(self.reference_topic):
            expected = f"a `reference_topic` for `{self.field}`" if extractor.reference_type else "no `reference_topic`"
            raise ContractError(expected, f"`{self.reference_topic}`", self._remedy("reference_topic"))
        joints = self.size if extractor.needs_joints else 0
        if not len(self.joints) == len(set(self.joints)) == joints:
            raise ContractError(f"{joints} different `joints` for `{self.field}`", f"{list(self.joints)}", self._remedy("joints"))
        for key in OPTIONS:  # whoever sets a key counts on it, as on the yaw of a turned sensor
            if key not in extractor.options and getattr(self, key) != getattr(type(self), key):
                expected = f"no `{key}`, which `{self.field}` of {self.type} does not heed"
                raise ContractError(expected, repr(getattr(self, key)), f"leave `{key}` of the channel `{self.name}` out")

    def _check_scale(self) -> None:
        if self.scale == "logarithmic" and not all(low > 0 for low, _ in self.bounds() or ((0.0, 1.0),)):
            raise ContractError("a range above 0 for a logarithmic scale", str(self.range), self._remedy("range"))
        if self.scale == "exponential" and self.range is None:
            raise ContractError("a `range` for an exponential scale", "none", self._remedy("range"))
        if (self.scale == "exponential") != (self.decay is not None) or not (self.decay is None or 0 < self.decay < math.inf):
            raise ContractError(
                "a decay above 0 with an exponential scale, and with no other", str(self.decay), self._remedy("decay")
            )

    def _check_array(self) -> None:
        if not 0 <= self.first <= self.whole_array - self.size:
            found = f"{self.size} elements from {self.first} on, of {self.whole_array}"
            raise ContractError("a channel within its array", found, self._remedy("array_size"))
        if not (math.isfinite(self.power) and self.power > 0):
            raise ContractError("a power above 0", str(self.power), self._remedy("power"))

    def _check_numbers(self) -> None:
        if min(self.size, self.history, self.stride) < 1:
            raise ContractError("size, history and stride of at least 1", repr(self), self._remedy("size"))
        if self.size * self.history > LARGEST or self.stride * self.history > LARGEST:
            found = f"size {self.size}, history {self.history}, stride {self.stride}"
            raise ContractError(f"at most {LARGEST:,} elements, and as many ticks", found, self._remedy("size"))
        if self.timeout is not None and not 0 < self.timeout <= LONGEST_TIMEOUT_S:
            expected = f"a timeout above 0 s and of {LONGEST_TIMEOUT_S:g} s at most, or none"
            raise ContractError(expected, f"{self.timeout} s", self._remedy("timeout"))
        if not 0.0 < self.angle_max - self.angle_min <= 2.0 * math.pi + 1e-6:
            found = f"{self.angle_min} to {self.angle_max} rad"
            raise ContractError("angle_max above angle_min, by one turn at most", found, self._remedy("angle_max"))
        if not abs(self.sensor_yaw) <= 2.0 * math.pi:
            raise ContractError("a sensor_yaw in rad, of one turn at most", str(self.sensor_yaw), self._remedy("sensor_yaw"))

    def _check_range(self) -> None:
        for low, high in self.bounds() or ():
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise ContractError("finite ranges with low < high", f"[{low}, {high}]", self._remedy("range"))
        if self.field == "ranges" and len(set(self.bounds() or ())) > 1:
            raise ContractError("one range for all sectors of a scan", str(self.range), self._remedy("range"))

    @property
    def whole_array(self) -> int:
        """Elements of the array that the channel is part of."""
        return self.size if self.array_size is None else self.array_size

    @property
    def is_goal(self) -> bool:
        """Whether it says where to go, seen from somewhere, rather than how the world is."""
        return bool(self.reference_topic)

    @property
    def needs_transforms(self) -> bool:
        """Whether it is a goal in a named frame, which need not be that of what it is seen from."""
        return bool(self.reference_topic and self.frame)

    def bounds(self) -> tuple[Bounds, ...] | None:
        """Return one (low, high) for each element, or None for a channel that is passed through."""
        if self.range is None:
            return None
        if not self.range or isinstance(self.range[0], tuple):
            if len(self.range) != self.size:
                raise ContractError(f"one range or {self.size}", f"{len(self.range)} ranges", self._remedy("range"))
            return self.range
        return (self.range,) * self.size

    def _remedy(self, key: str) -> str:
        return f"correct `{key}` of the channel `{self.name}`"


@dataclass(frozen=True, kw_only=True)
class ActionComponent:
    """One commanded quantity: physical limits (unit) and the fastest change the robot takes (unit/s)."""

    name: str
    unit: str
    low: float
    high: float
    slew: float | None = None

    def __post_init__(self) -> None:
        """Refuse limits that are empty or not finite."""
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ContractError(
                "finite limits with low < high", f"[{self.low}, {self.high}]", f"correct the action `{self.name}`"
            )
        if self.slew is not None and not self.slew > 0:
            raise ContractError("a slew above 0", str(self.slew), f"correct the action `{self.name}`")


@dataclass(frozen=True, kw_only=True)
class ActionSpec:
    """What the policy commands: a message type and its components, in order.

    A component is named after what it commands: the field of a twist, such as `linear.x`, or the joint of a trajectory.
    """

    topic: str
    type: Literal[
        "geometry_msgs/msg/TwistStamped",
        "geometry_msgs/msg/Twist",
        "std_msgs/msg/Float64MultiArray",
        "trajectory_msgs/msg/JointTrajectory",
    ]
    components: tuple[ActionComponent, ...]
    frame: str = "base_link"

    def __post_init__(self) -> None:
        """Refuse components that no message of the type has, or that one message would hold twice."""
        names = [component.name for component in self.components]
        if len(set(names)) != len(names):
            raise ContractError("action components of different names", ", ".join(names), "rename one")
        unknown = [name for name in names if self.is_twist and name not in TWIST_COMPONENTS]
        if unknown:
            raise ContractError(f"components among {', '.join(TWIST_COMPONENTS)}", ", ".join(unknown), "correct the action")

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The message types that hold these components."""
        return TWIST_TYPES if self.is_twist else JOINT_TYPES

    @property
    def is_twist(self) -> bool:
        """Whether it commands a body's velocity rather than joints."""
        return self.type in TWIST_TYPES


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What the policy sees and does, for the simulator and the robot alike."""

    name: str
    control_period: float
    trigger: str
    observation: tuple[Channel, ...]
    action: ActionSpec

    def __post_init__(self) -> None:
        """Refuse an empty or ambiguous contract."""
        names = [channel.name for channel in self.observation]
        if not names or not self.action.components:
            raise ContractError(
                "at least one channel and one action component", repr(names), f"complete the contract `{self.name}`"
            )
        if len(set(names)) != len(names):
            raise ContractError("channels of different names", repr(names), f"rename one in the contract `{self.name}`")
        if self.trigger not in names:
            raise ContractError(f"a trigger among {names}", f"`{self.trigger}`", "name the channel that starts a control tick")
        if not (math.isfinite(self.control_period) and self.control_period > 0):
            raise ContractError("a control_period above 0 s", str(self.control_period), f"correct the contract `{self.name}`")
        self._check_timeout(self.observation[names.index(self.trigger)])
        self._check_topics()
        self._check_frames()

    def _check_frames(self) -> None:
        frames: dict[str, Channel] = {}
        for channel in self.observation:
            first = frames.setdefault(channel.topic, channel) if channel.frame else channel
            if channel.frame != first.frame:  # whatever came, one of them would refuse it
                raise ContractError(
                    f"one frame for the topic `{channel.topic}`",
                    f"`{first.frame}` for `{first.name}` and `{channel.frame}` for `{channel.name}`",
                    "name the frame of the topic's messages in both, or correct the `topic` of one",
                )

    def _check_timeout(self, trigger: Channel) -> None:
        if trigger.timeout is None:
            remedy = "name one that comes with every control tick"
            raise ContractError("a trigger whose channel has a timeout", f"`{trigger.name}`, which is latched", remedy)
        if trigger.timeout <= self.control_period:  # the gate would find it silent between any two ticks
            expected = f"a timeout of the trigger above the control_period of {self.control_period:g} s"
            raise ContractError(expected, f"{trigger.timeout:g} s", f"raise the timeout of `{trigger.name}`")

    def _check_topics(self) -> None:
        _check_topic(self.action.topic, "correct `topic` of the action")
        if self.action.topic.strip("/") in OWN_TOPICS:
            raise ContractError("the topic of the robot's commands", f"`{self.action.topic}`, which is ours", "name the robot's")
        types: dict[str, str] = {}
        for topic, kind in self.topics():
            if types.setdefault(topic, kind) != kind:
                raise ContractError(f"one type for the topic `{topic}`", f"{types[topic]} and {kind}", "correct the channels")
        observed = {topic.strip("/"): kind for topic, kind in types.items()}.get(self.action.topic.strip("/"), self.action.type)
        if observed != self.action.type:
            raise ContractError(
                f"another topic for the action than `{self.action.topic}`, on which {observed} is observed",
                self.action.type,
                "correct `topic` of the action or of the channel",
            )
        watched = self._watched_topics
        for channel in self.observation:
            if channel.reference_topic and channel.timeout is None and channel.reference_topic not in watched:
                raise ContractError(
                    f"a channel with a timeout on `{channel.reference_topic}`, which `{channel.name}` refers to",
                    "none, so its silence would go unnoticed",
                    f"refer to a topic among {sorted(watched)}, or give `{channel.name}` a timeout",
                )

    @property
    def needs_transforms(self) -> bool:
        """Whether some goal is in a frame of its own."""
        return any(channel.needs_transforms for channel in self.observation)

    @property
    def observation_size(self) -> int:
        """Elements of the observation, histories included."""
        return sum(channel.size * channel.history for channel in self.observation)

    @property
    def action_size(self) -> int:
        """Components of the action."""
        return len(self.action.components)

    def element_name(self, index: int) -> str:
        """Say which channel, element (and its joint) and frame of its history the observation's element `index` is."""
        channel, frame, element = self._place(index)
        joint = f" (joint `{channel.joints[element]}`)" if channel.joints else ""
        return f"the channel `{channel.name}`, element {element}{joint}, {frame * channel.stride} ticks ago"

    def is_newest(self, index: int) -> bool:
        """Say whether the observation's element `index` is of the newest data of its channel."""
        return self._place(index)[1] == 0

    def _place(self, index: int) -> tuple[Channel, int, int]:
        """Return channel, frame of its history and element."""
        for channel in self.observation:
            if index < channel.size * channel.history:
                return (channel, *divmod(index, channel.size))
            index -= channel.size * channel.history
        raise IndexError(f"the observation has {self.observation_size} elements")

    def topics(self) -> tuple[tuple[str, str], ...]:
        """Return the (topic, type) pairs to subscribe to, each once, in the order of the channels."""
        pairs: dict[tuple[str, str], None] = {}
        for channel in self.observation:
            pairs[(channel.topic, channel.type)] = None
            if channel.reference_topic:
                pairs[(channel.reference_topic, EXTRACTORS[(channel.type, channel.field)].reference_type)] = None
        return tuple(pairs)

    def joints_on(self, topic: str) -> frozenset[str]:
        """Return the joints that are read on a topic; none of a topic that brings no joint states.

        Args:
            topic: as the contract names it.
        """
        return frozenset(joint for channel in self.observation if channel.topic == topic for joint in channel.joints)

    @property
    def latched_topics(self) -> frozenset[str]:
        """The topics whose samples stay valid until the next one: none of their channels has a timeout."""
        return frozenset(channel.topic for channel in self.observation) - self._watched_topics

    @property
    def _watched_topics(self) -> frozenset[str]:
        """The topics whose silence is noticed, because a channel of them has a timeout."""
        watched = [channel for channel in self.observation if channel.timeout is not None]
        return frozenset(topic for channel in watched for topic in (channel.topic, channel.reference_topic) if topic)

    def require(self, environments: Contract) -> None:
        """Refuse environments that would feed a policy of this contract something else than it was trained on.

        Raises:
            ContractError: naming the differences.
        """
        if found := self.differences(environments):
            raise ContractError(
                f"an environment of the policy's contract `{self.name}`",
                "; ".join(found),
                "train and export again, or give the environment that contract where it takes one",
            )

    def differences(self, other: Contract) -> tuple[str, ...]:
        """Say where `other` would feed a policy of this contract something else than it was trained on.

        Topics, frames, joints' names and timeouts may differ between robots; sizes, meanings, units, ranges, the order of joints
        and the control period may not, and what grows stale in training is not latched on a robot.
        """
        found: list[str] = []
        if not math.isclose(self.control_period, other.control_period):
            found.append(f"control_period: {other.control_period} s where the policy has {self.control_period} s")
        for mine, theirs in _paired(self.observation, other.observation, "channels", found):
            found.extend(_differences(mine, theirs, MEANING))
            if theirs.timeout is None and mine.timeout is not None:  # nobody would notice that the sensor is dead
                found.append(f"{mine.name}.timeout: none where the policy has {mine.timeout:g} s")
            found.extend(_reordered(mine.name, mine.joints, theirs.joints))
        has_fields = self.action.is_twist or other.action.is_twist
        for mine, theirs in _paired(self.action.components, other.action.components, "action components", found):
            found.extend(_differences(mine, theirs, ("name", "unit", "low", "high") if has_fields else ("unit", "low", "high")))
        if not has_fields:
            found.extend(_reordered("action", _names(self.action.components), _names(other.action.components)))
        found.extend(_exchanged(self.joint_orders(), other.joint_orders()))
        return tuple(found)

    def joint_orders(self) -> dict[str, tuple[str, ...]]:
        """Return the joints of whatever names some, in their order there."""
        orders = {channel.name: channel.joints for channel in self.observation if channel.joints}
        return orders if self.action.is_twist else {**orders, "action": _names(self.action.components)}

    @classmethod
    def from_mapping(cls, mapping: object) -> Contract:
        """Build a contract from plain mappings, as YAML and JSON give them.

        Raises:
            ContractError: for anything unknown, missing, ill-typed or inconsistent.
        """
        try:
            return from_mapping(cls, mapping)
        except ConfigurationError as error:
            raise ContractError(error.expected, error.found, error.remedy) from error

    @classmethod
    def load(cls, path: str | Path) -> Contract:
        """Read a contract's YAML file.

        Raises:
            ContractError: when the file is absent, not YAML, or not a contract.
        """
        return cls.from_mapping(read_document(path))

    def to_mapping(self) -> dict[str, Any]:
        """Return the contract as plain mappings, the inverse of `from_mapping`."""
        mapping: dict[str, Any] = to_mapping(self)
        return mapping


def read_document(path: str | Path) -> object:
    """Return what a contract's file holds, unchecked.

    Raises:
        ContractError: when it cannot be read or is no YAML.
    """
    try:
        return parse_yaml(Path(path).read_text(encoding="utf-8"), _UniqueKeys)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ContractError("a readable contract file", f"{path}: {reason}", "check the path") from error
    except yaml.YAMLError as error:
        raise ContractError(f"YAML in {path}", str(error), "correct the file's syntax") from error


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that a mapping has twice, of which YAML's would keep the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node."""
        keys = [key.value for key, _ in node.value]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise yaml.constructor.ConstructorError(None, None, f"`{twice[0]}` stands there twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def _check_topic(topic: str, remedy: str) -> None:
    if not TOPIC.fullmatch(topic):
        expected = "the name of a topic: letters, digits and _, in parts between single slashes that begin with no digit"
        raise ContractError(expected, f"`{topic}`", remedy)


def _paired(mine: tuple[Any, ...], theirs: tuple[Any, ...], what: str, found: list[str]) -> list[tuple[Any, Any]]:
    if len(mine) != len(theirs):
        found.append(f"{what}: {', '.join(_names(theirs))} where the policy has {', '.join(_names(mine))}")
        return []
    return list(zip(mine, theirs, strict=True))


def _names(parts: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(part.name for part in parts)


def _reordered(where: str, mine: tuple[str, ...], theirs: tuple[str, ...]) -> list[str]:
    """Tell the same joints in another order; other names may mean the same joints of another robot."""
    is_same = mine == theirs or sorted(mine) != sorted(theirs)
    return [] if is_same else [f"{where}: joints in the order {list(theirs)} where the policy has {list(mine)}"]


def _exchanged(mine: dict[str, tuple[str, ...]], theirs: dict[str, tuple[str, ...]]) -> list[str]:
    """Tell joints of other names that two places have in different orders, though training had them in the same.

    Where joints have other names than in training, the order in one place says nothing: it may be that of training. Those in
    two places cannot both be, as where one is that of the driver's joint states and the other that of its controller.
    """
    is_alike = {where: len(joints) == len(theirs.get(where, ())) for where, joints in mine.items()}
    renamed = [where for where, same_size in is_alike.items() if same_size and sorted(mine[where]) != sorted(theirs[where])]
    found: dict[str, str] = {}
    for first, second in combinations(renamed, 2):
        shared = [joint for joint in mine[first] if joint in mine[second]]
        names = [theirs[first][mine[first].index(joint)] for joint in shared]
        others = [theirs[second][mine[second].index(joint)] for joint in shared]
        if names != others and sorted(names) == sorted(others):
            text = f"{second}: joints in the order {others}, and in `{first}` {names}, where training had one order"
            found.setdefault(second, text)
    return list(found.values())


def _differences(mine: Any, theirs: Any, names: tuple[str, ...]) -> list[str]:
    pairs = [(name, getattr(mine, name), getattr(theirs, name)) for name in names]
    return [f"{mine.name}.{name}: {right!r} where the policy has {left!r}" for name, left, right in pairs if left != right]
