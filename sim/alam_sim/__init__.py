"""Simulators with a cost signal, registered with Gymnasium under the namespace `alam`."""

from alam_sim.registry import register_all

register_all()
