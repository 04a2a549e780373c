"""The page: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from alam_ros.report.theme import DPI

SCREEN_DPI = 98
"""Pixels an inch at which the figures' words are as large as the page's."""
TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class Card:
    """A key figure: what it is, its value, and what it is to be held against."""

    title: str
    value: str
    note: str


@dataclass(frozen=True)
class Section:
    """A part of the page; `body` is HTML."""

    title: str
    text: str
    body: str


def page(*, title: str, subtitle: str, cards: Sequence[Card], sections: Sequence[Section]) -> str:
    """Return the HTML document."""
    return Template(TEMPLATE.read_text()).substitute(
        title=html.escape(title),
        subtitle=html.escape(subtitle),
        cards="".join(map(_card, cards)),
        sections="".join(map(_section, sections)),
    )


def picture(name: str, pngs: Mapping[str, bytes], caption: str) -> str:
    """Return a figure that follows the reader's light or dark setting.

    Args:
        name: for readers who cannot see it.
        pngs: theme name → PNG file.
        caption: below it.
    """
    light, dark = (f"data:image/png;base64,{base64.b64encode(pngs[theme]).decode()}" for theme in ("light", "dark"))
    width = round(int.from_bytes(pngs["light"][16:20], "big") * SCREEN_DPI / DPI)
    return (
        f'<figure><picture><source srcset="{dark}" media="(prefers-color-scheme: dark)">'
        f'<img src="{light}" width="{width}" alt="{html.escape(name)}"></picture>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def missing(what: str, reason: str) -> str:
    """Return a notice in the place of something the run did not yield."""
    return f'<p class="missing"><strong>{html.escape(what)} is missing.</strong> {html.escape(reason)}</p>'


def _card(card: Card) -> str:
    return (
        f'<div class="card"><div class="name">{html.escape(card.title)}</div><div class="value">{html.escape(card.value)}</div>'
        f'<div class="note">{html.escape(card.note)}</div></div>'
    )


def _section(section: Section) -> str:
    return f"<section><h2>{html.escape(section.title)}</h2><p>{html.escape(section.text)}</p>{section.body}</section>"
