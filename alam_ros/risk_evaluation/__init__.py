"""How well a policy's scores foretell violations (alam.md §7): labels, discrimination, calibration, multipliers, oscillation."""
