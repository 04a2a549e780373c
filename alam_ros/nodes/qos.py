"""Quality of service of each kind of topic, in one place so that publishers and subscribers agree."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

COMMAND = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
"""Only the newest command counts."""

RISK = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""Every estimate counts, for whoever records them."""

LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""A state, such as a goal or the gate's, that late subscribers need as well."""

SENSOR = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
"""A late measurement is worth nothing."""

TRACE = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Worth something only if nothing of it is missing: kept for 20 s at 50 Hz, for a recorder that is found late."""

CLOCK = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
"""As rclpy subscribes to `/clock`."""

MARKERS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""As RViz subscribes."""

DIAGNOSTICS = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""REP-107."""

TRUTH = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""What the simulator knows and no robot does, for whoever evaluates: every step counts, the first ones too."""
