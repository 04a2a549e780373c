"""Learning: networks, replay, the SAC family, trainer, evaluation, calibration, export. Needs torch; the robot does not."""
