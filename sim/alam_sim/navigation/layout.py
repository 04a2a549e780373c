"""Where walls, obstacles, robot and goals are: plane geometry, drawn at random so that a safe way exists."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alam_ros.errors import SimulatorError
from alam_sim.navigation.config import NavigationConfig

Point = tuple[float, float]
ATTEMPTS = 500
MAPS = 50


@dataclass(frozen=True)
class Mover:
    """A moving obstacle: it patrols between two points at constant speed.

    Attributes:
        start, end: m.
        speed: m/s.
        radius: m.
    """

    start: Point
    end: Point
    speed: float
    radius: float

    def position(self, time: float) -> Point:
        """Return where its axis is at `time` (s since the episode began)."""
        length = math.dist(self.start, self.end)
        travelled = (time * self.speed) % (2 * length)
        share = min(travelled, 2 * length - travelled) / length
        return (
            self.start[0] + share * (self.end[0] - self.start[0]),
            self.start[1] + share * (self.end[1] - self.start[1]),
        )


class Layout:
    """One episode's map.

    Attributes:
        static: (n, 3) float64: x, y, radius of each static obstacle.
        movers: the moving ones.
        start: x, y, yaw of the robot.
    """

    def __init__(self, config: NavigationConfig, body_radius: float, rng: np.random.Generator) -> None:
        self._config = config
        self._body_radius = body_radius
        self._rng = rng
        self.movers: list[Mover] = []
        self.static = np.empty((0, 3))
        self._draw_map()
        x, y = self.free_point(0.0)
        self.start = (x, y, float(rng.uniform(-math.pi, math.pi)))

    def obstacles(self, time: float) -> NDArray[np.float64]:
        """Return (n, 3) float64: x, y, radius of every obstacle at `time` s."""
        found = np.empty((len(self.static) + len(self.movers), 3))
        found[: len(self.static)] = self.static
        for row, mover in enumerate(self.movers, start=len(self.static)):
            found[row] = (*mover.position(time), mover.radius)
        return found

    def clearance(self, x: float, y: float, obstacles: NDArray[np.float64]) -> float:
        """Return the gap between a robot's body at (x, y) and the nearest obstacle or wall, m; negative when inside."""
        to_wall = self._config.arena_half_width - max(abs(x), abs(y))
        if len(obstacles):
            to_obstacle = float((np.hypot(obstacles[:, 0] - x, obstacles[:, 1] - y) - obstacles[:, 2]).min())
            to_wall = min(to_wall, to_obstacle)
        return to_wall - self._body_radius

    def ranges(
        self, x: float, y: float, bearings: NDArray[np.floating[Any]], obstacles: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return how far a ray from (x, y), a point inside the arena and outside all obstacles, goes in each direction.

        Args:
            x: m.
            y: m.
            bearings: (rays,) rad in the world.
            obstacles: as `obstacles` returns them.

        Returns:
            Distances to the nearest obstacle or wall, (rays,) m.
        """
        cosines, sines = np.cos(bearings), np.sin(bearings)
        half = self._config.arena_half_width
        with np.errstate(divide="ignore"):  # a ray along a wall does not meet it
            nearest: NDArray[np.float64] = np.minimum(
                (half - np.sign(cosines) * x) / np.abs(cosines), (half - np.sign(sines) * y) / np.abs(sines)
            )
        if not len(obstacles):
            return nearest
        east, north, radius = obstacles[:, 0:1] - x, obstacles[:, 1:2] - y, obstacles[:, 2:3]
        along = east * cosines + north * sines  # of each axis on each ray
        half_chord = along * along - (east * east + north * north - radius * radius)  # squared; negative where the ray passes by
        entry = along - np.sqrt(np.maximum(half_chord, 0.0))
        entry[(half_chord < 0.0) | (entry < 0.0)] = np.inf
        met: NDArray[np.float64] = np.minimum(nearest, entry.min(0))
        return met

    def free_point(self, time: float, away_from: Point | None = None) -> Point:
        """Draw a point at which a robot has the start clearance from all obstacles and from the movers' whole paths.

        Args:
            time: s since the episode began.
            away_from: keep `goal_spacing` from here.
        """
        config = self._config
        obstacles = self.obstacles(time)
        for _ in range(ATTEMPTS):
            point = self._uniform(config.start_clearance + self._body_radius)
            if away_from is not None and math.dist(point, away_from) < config.goal_spacing:
                continue
            on_path = any(
                _distance_to_segment(point, mover.start, mover.end) - mover.radius - self._body_radius < config.start_clearance
                for mover in self.movers
            )
            if not on_path and self.clearance(*point, obstacles) >= config.start_clearance:
                return point
        raise self._too_crowded()

    def _draw_map(self) -> None:
        """Draw all obstacles, anew from the first as often as they do not fit."""
        config = self._config
        for _ in range(MAPS):
            movers = [self._draw_mover() for _ in range(config.moving_obstacles)]
            static: list[tuple[float, float, float]] = []
            for _ in range(ATTEMPTS):
                if len(static) == config.static_obstacles:
                    self.movers, self.static = movers, np.array(static).reshape(-1, 3)
                    return
                candidate = self._draw_static()
                if self._leaves_passage(candidate, static, movers):
                    static.append(candidate)
        raise self._too_crowded()

    def _draw_static(self) -> tuple[float, float, float]:
        radius = float(self._rng.uniform(*self._config.static_radius))
        return (*self._uniform(self._config.passage + radius), radius)

    def _draw_mover(self) -> Mover:
        config = self._config
        radius = float(self._rng.uniform(*config.moving_radius))
        start = self._uniform(config.passage + radius)
        for _ in range(ATTEMPTS):
            end = self._uniform(config.passage + radius)
            if math.dist(start, end) >= config.goal_spacing:
                return Mover(start, end, float(self._rng.uniform(*config.mover_speed)), radius)
        raise self._too_crowded()

    def _leaves_passage(
        self, candidate: tuple[float, float, float], static: list[tuple[float, float, float]], movers: list[Mover]
    ) -> bool:
        """Say whether the robot can pass between the candidate and everything else, so that a mover pins it nowhere."""
        x, y, radius = candidate
        gaps = [math.dist((x, y), other[:2]) - other[2] for other in static]
        gaps += [_distance_to_segment((x, y), mover.start, mover.end) - mover.radius for mover in movers]
        return min(gaps, default=math.inf) - radius >= self._config.passage

    def _uniform(self, margin: float) -> Point:
        reach = self._config.arena_half_width - margin
        x, y = self._rng.uniform(-reach, reach, 2)
        return float(x), float(y)

    def _too_crowded(self) -> SimulatorError:
        config = self._config
        return SimulatorError(
            "room for all obstacles and a free point",
            f"{config.static_obstacles} static and {config.moving_obstacles} moving obstacles in {2 * config.arena_half_width} m",
            "use fewer obstacles or a wider arena",
        )


def _distance_to_segment(point: Point, start: Point, end: Point) -> float:
    along = (end[0] - start[0], end[1] - start[1])
    share = ((point[0] - start[0]) * along[0] + (point[1] - start[1]) * along[1]) / (along[0] ** 2 + along[1] ** 2)
    share = min(max(share, 0.0), 1.0)
    return math.dist(point, (start[0] + share * along[0], start[1] + share * along[1]))
