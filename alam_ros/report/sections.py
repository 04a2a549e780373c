"""The parts of the page, in their order."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from alam_ros.report import tables
from alam_ros.report.algorithm import what_is_enforced
from alam_ros.report.drive_data import DriveData
from alam_ros.report.figures import faults, gate, latency, learning, reliability, trajectory
from alam_ros.report.material import Material
from alam_ros.report.page import Section, missing
from alam_ros.report.theme import Theme

Draw = Callable[[str, Callable[[Theme], Figure], str], str]
"""(name, what draws it in a theme, caption) → HTML of the figure."""


def drive_section(material: Material, draw: Draw) -> Section:
    """Tell where the robot drove and what the gate did."""
    title, drive = "The drive", material.drive
    if drive is None:
        return Section(title, "", missing("The drive", material.why_missing("drive")))
    path = draw(
        "trajectory",
        lambda theme: trajectory.draw(theme, drive),
        "The path, coloured by the calibrated probability of a violation announced on the way. Grey: obstacles and walls; "
        "dashed: the distance the constraint asks for; violet: moving obstacles and the line they patrol; green: goals in "
        "order; dots on the path: steps nearer to something than allowed.",
    )
    timeline = draw(
        "gate",
        lambda theme: gate.draw(theme, drive),
        "State and causes as the safety monitor published them, risk as the policy did, speed as asked, as let through and as "
        "driven, over their arrival at the recorder (monotonic clock). A line that ends means that nobody spoke.",
    )
    return Section(title, _drive_text(drive), path + timeline)


def fault_section(material: Material, draw: Draw) -> Section:
    """Tell what happened when processes were killed."""
    title, drive = "Kill anything: the robot stops", material.drive
    if drive is None or not drive.faults():
        return Section(title, "", missing("The fault injection", material.why_missing("drive")))
    text = "Processes were killed with SIGKILL while the robot moved. Times count from the kill, on one monotonic clock."
    figure = draw(
        "faults",
        lambda theme: faults.draw(theme, drive, drive.faults()),
        "Without the policy, the gate's watchdog, which has a clock of its own, commands zero. Without the gate, the base's own "
        "watchdog does.",
    )
    return Section(title, text, figure + tables.faults(drive))


def learning_section(material: Material, draw: Draw) -> Section:
    """Tell how the policy was trained."""
    title, config = "Learning", material.config
    if not material.metrics or config is None:
        given = "A given policy file was demonstrated, none was trained."
        reason = material.why_missing("training") if material.facts["is_trained_here"] else given
        return Section(title, "", missing("The training", reason))
    last, constraint = material.metrics[-1], config.algorithm.constraint
    multiplier = config.algorithm.multiplier
    start = 0 if multiplier.kind == "none" else round(multiplier.start * config.trainer.steps)
    text = (
        f"{config.algorithm.name} on {config.environment.id}: {last['steps']:,} steps, {last['updates']:,} gradient steps, "
        f"{last['wall_seconds'] / 60:.1f} minutes, seed {config.trainer.seed}."
    )
    figure = draw(
        "learning",
        lambda theme: learning.draw(
            theme, material.metrics, budget=constraint.episode_cost_limit, multiplier_start=start, sac=material.sac
        ),
        f"Evaluations on {config.trainer.evaluation_episodes} separate episodes with deterministic actions. "
        f"{what_is_enforced(config.algorithm)}",
    )
    return Section(title, text, figure)


def figures_section(material: Material, _: Draw) -> Section:
    """Hold the policies against one another."""
    body = tables.comparison(material.evaluation, material.reference, material.shipped)
    if material.evaluation is None:
        body += missing("The evaluation", material.why_missing("evaluation"))
    if material.reference is None:
        body += missing("The reference policy", material.why_missing("reference"))
    text = "Mean ± standard deviation over episodes with deterministic actions, on seeds that training never uses."
    return Section("Figures", text, body)


def calibration_section(material: Material, draw: Draw) -> Section:
    """Tell whether announced risks came true."""
    title, evaluation = "Is the risk calibrated?", material.evaluation
    if evaluation is None:
        return Section(title, "", missing("The reliability diagram", material.why_missing("evaluation")))
    found = evaluation["reliability"]
    if not found:
        reason = "The policy file carries no calibration, or no episode reaches beyond its horizon."
        return Section(title, "", missing("The reliability diagram", reason))
    text = (
        f"{found['states']:,} states of the evaluation, none of which the calibration saw: expected calibration error "
        f"{found['expected_calibration_error']:.3f}, area under the ROC curve {tables.number(found['auroc'], 2)}."
    )
    figure = draw(
        "reliability",
        lambda theme: reliability.draw(theme, found["bins"], found["horizon"]),
        "Bars: 95 % of resamplings of whole episodes. States that are in violation already are left out.",
    )
    return Section(title, text, figure)


def latency_section(material: Material, draw: Draw) -> Section:
    """Tell how long an answer took."""
    title, drive = "From observation to command", material.drive
    if drive is None:
        return Section(title, "", missing("The latency", material.why_missing("drive")))
    figure = draw(
        "latency",
        lambda theme: latency.draw(theme, drive.latencies("cmd_in"), drive.latencies("cmd_out")),
        "Between the arrivals of odometry and of the command with the same stamp, both at the recorder, on its monotonic clock. "
        "The safety monitor decides when a command arrives.",
    )
    return Section(title, "", figure + tables.latency(drive))


def origin_section(material: Material, _: Draw) -> Section:
    """Tell with what the numbers can be had again."""
    facts = material.facts
    commands = {"demonstration": facts["command"]}
    for name, document in (("evaluation", material.evaluation), ("reference", material.reference)):
        if document is not None:
            commands[name] = document["command"]
    if material.drive is not None:
        commands |= material.drive.facts["commands"]
    if "command" in material.shipped:
        commands["shipped figures"] = str(material.shipped["command"])
    body = tables.facts({"date": facts["date"], "policy file": facts["policy"], **facts["machine"]})
    body += "<h3>Commands</h3>" + tables.facts(commands) + "<h3>Versions</h3>" + tables.facts(facts["versions"])
    return Section("How this came about", "Every number was measured in this run, unless it is called shipped.", body)


SECTIONS = (
    drive_section,
    fault_section,
    learning_section,
    figures_section,
    calibration_section,
    latency_section,
    origin_section,
)


def _drive_text(drive: DriveData) -> str:
    violations = drive.violations()
    cost = "an unknown number of" if violations is None else str(violations)
    steps = "control step" if violations == 1 else "control steps"
    return (
        f"{drive.cruise_end():.0f} s on a map of a seed of its own, {drive.goals_reached()} goals reached, {cost} {steps} nearer "
        f"to an obstacle than allowed; least gap {tables.number(drive.least_clearance(), 2)} m."
    )
