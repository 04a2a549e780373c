"""Builds the report from what a demonstration left on disk."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from alam_ros.host.files import write_atomically
from alam_ros.report import tables
from alam_ros.report.algorithm import what_was_learned
from alam_ros.report.directory import DemoDirectory
from alam_ros.report.material import Material
from alam_ros.report.page import Card, page, picture
from alam_ros.report.sections import SECTIONS
from alam_ros.report.theme import THEMES, Theme, png, styled

TITLE = "Demonstration of alam_ros"
DRIVEN = (
    "It was exported as one file and then drove over ROS 2: simulator, policy and safety monitor in processes of their own, "
    "every command through the gate."
)
NOT_DRIVEN = "The drive over ROS 2 is missing from this run."


def build_report(directory: DemoDirectory) -> list[str]:
    """Write the figures and the page, and return the key figures, a line each.

    Whatever a stage did not leave is named as missing on the page.
    """
    material = Material.load(directory)
    directory.figures.mkdir(exist_ok=True)

    def draw(name: str, paint: Callable[[Theme], Figure], caption: str) -> str:
        pngs = {}
        for theme in THEMES:
            with styled(theme):
                pngs[theme.name] = png(paint(theme))
            write_atomically(directory.figures / f"{name}_{theme.name}.png", pngs[theme.name])
        return picture(name, pngs, caption)

    cards = _cards(material)
    subtitle = f"{what_was_learned(material)} {DRIVEN if material.drive else NOT_DRIVEN}"
    document = page(title=TITLE, subtitle=subtitle, cards=cards, sections=[section(material, draw) for section in SECTIONS])
    write_atomically(directory.report, document.encode())
    return [f"{card.title:<38}{card.value:>8}   {card.note}" for card in cards]


def _cards(material: Material) -> list[Card]:
    """Return the key figures that there are."""
    cards = []
    if material.evaluation is not None:
        summary, sac = material.evaluation["summary"], material.sac or {}
        episodes = f"{material.evaluation['episodes']} fresh episodes"
        budget = f"budget {material.config.algorithm.constraint.episode_cost_limit:g}" if material.config else episodes
        for name, note, digits in (("return", episodes, 1), ("cost", budget, 2)):
            mean = summary[f"{name}_mean"]
            held_against = f"; {tables.share(mean, sac[name])} of unconstrained SAC's" if sac else ""
            cards.append(Card(f"{name.capitalize()} of an episode", tables.number(mean, digits), note + held_against))
    for outcome in material.drive.faults() if material.drive else ():
        note = f"zero commanded after {tables.milliseconds(outcome.zero_command)} by {outcome.answered_by}"
        cards.append(Card(f"{outcome.victim} killed: at rest after", tables.milliseconds(outcome.rest), note))
    return cards
