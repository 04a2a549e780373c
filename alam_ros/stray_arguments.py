"""Refuses launch arguments that nobody takes: ROS passes a misspelt one over in silence, and the robot drives by the defaults.

A launch file does not see what it was given, only the launch's configurations, and where a user's file includes it those are the
user's as well. So it looks from the top, where `ros2 launch` includes what it was told to, for the actions that include it:

- What such an action passes must be declared here, or by a file around it, which may hand on all it has.
- What the command line passes to a file around, and nobody declares, is refused only where it is nearly a name declared here: the
  configurations of that file reach this one, but it may also read others without declaring them.
- What a launch file sets as a configuration by itself is its own business.

Not seen is who includes a launch file later, by a timer or an event, or from an `OpaqueFunction`; then nothing is refused but, in
the latter case, such near misspellings.

Needs the `launch` of a ROS installation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path

from launch import LaunchContext, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions

from alam_ros.errors import ConfigurationError

OF_LAUNCH_ITSELF = frozenset(
    {"emulate_tty", "launch-prefix", "launch-prefix-filter", "ros_namespace", "sigkill_timeout", "sigterm_timeout"}
)
"""What `launch` and `launch_ros` read of every launch without declaring it; `ros2 launch --launch-prefix` passes one."""
NEAR = 0.8
"""Similarity, by difflib, from which a name counts as another one misspelt: `robo` is `robot`, `robot_name` is not."""
NEAREST = 0.6
"""The same for the name that a message suggests."""


def refuse_stray_arguments(context: LaunchContext, declared: Collection[str]) -> None:
    """Refuse what was passed to the launch file that is being read now, and is none of its arguments.

    Args:
        context: of the launch.
        declared: the names of the file's arguments.

    Raises:
        ConfigurationError: with the name that was probably meant.
    """
    entities = list(_everything_from_the_top(context))
    if not entities:
        return
    taken = {entity.name for entity in entities if isinstance(entity, DeclareLaunchArgument)} | OF_LAUNCH_ITSELF | {*declared}
    for name in _passed_to_this_file(context, entities):
        if name not in taken:
            raise _stray(name, declared)
    for name in (argument.partition(":=")[0] for argument in context.argv if ":=" in argument):
        if name not in taken and _nearest(name, declared, NEAR):
            raise _stray(name, declared)


def _everything_from_the_top(context: LaunchContext) -> Iterator[LaunchDescriptionEntity]:
    """Yield all that the launch consists of, as far as it is known; nothing where an event has led here, such as a timer's."""
    description = getattr(context.get_locals_as_dict().get("event"), "launch_description", None)
    return iter(()) if description is None else _descend(description)


def _descend(entity: LaunchDescriptionEntity) -> Iterator[LaunchDescriptionEntity]:
    yield entity
    for sub_entity in entity.describe_sub_entities():
        yield from _descend(sub_entity)
    for _, sub_entities in entity.describe_conditional_sub_entities():
        for sub_entity in sub_entities:
            yield from _descend(sub_entity)


def _passed_to_this_file(context: LaunchContext, entities: Collection[LaunchDescriptionEntity]) -> Iterator[str]:
    """Yield the names that the actions pass that include the file; its path is told while it is read."""
    this_file = Path(context.get_locals_as_dict().get("current_launch_file_path", "")).resolve()  # none where a script reads it
    inclusions = (entity for entity in entities if isinstance(entity, IncludeLaunchDescription))
    for inclusion in inclusions:
        if Path(inclusion.launch_description_source.location).resolve() == this_file:
            for name, _ in inclusion.launch_arguments:
                yield perform_substitutions(context, normalize_to_list_of_substitutions(name))


def _nearest(name: str, declared: Collection[str], similarity: float) -> list[str]:
    return get_close_matches(name.lower().replace("-", "_"), declared, n=1, cutoff=similarity)


def _stray(name: str, declared: Collection[str]) -> ConfigurationError:
    near = _nearest(name, declared, NEAREST)
    remedy = f"did you mean `{near[0]}`?" if near else "leave it out"
    return ConfigurationError(
        f"launch arguments among {', '.join(declared)}",
        f"`{name}`, which nobody would take",
        f"{remedy} (one of a launch file of your own has to be declared there)",
    )
