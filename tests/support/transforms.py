"""Transforms as they travel, also where no `tf2_msgs` is installed."""

from __future__ import annotations

from typing import Any

from rosbags.typesys import Stores, get_typestore

TYPE = "tf2_msgs/msg/TFMessage"


def transforms_of(*frames: tuple[str, str]) -> bytes:
    """Return a serialised `tf2_msgs/msg/TFMessage` of (parent, child) pairs."""
    store = get_typestore(Stores.ROS2_JAZZY)

    def make(name: str, **fields: Any) -> Any:
        return store.types[name](**fields)

    stamp = make("builtin_interfaces/msg/Time", sec=7, nanosec=8)
    transform = make(
        "geometry_msgs/msg/Transform",
        translation=make("geometry_msgs/msg/Vector3", x=1.0, y=2.0, z=3.0),
        rotation=make("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0),
    )
    stamped = [
        make(
            "geometry_msgs/msg/TransformStamped",
            header=make("std_msgs/msg/Header", stamp=stamp, frame_id=parent),
            child_frame_id=child,
            transform=transform,
        )
        for parent, child in frames
    ]
    return bytes(store.serialize_cdr(make(TYPE, transforms=stamped), TYPE))
