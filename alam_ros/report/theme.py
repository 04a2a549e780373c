"""How figures look, on light and on dark pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

DPI = 160
RISK_COLOURS = LinearSegmentedColormap.from_list("risk", ["#1f9e89", "#8fd175", "#f9d057", "#f29e2e", "#d7191c", "#7a0177"])


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours of one kind of page.

    Attributes:
        name: `light` or `dark`.
        page, text, muted, grid, solid: background, words, minor words, lines behind the data, things that fill an area.
        blue, orange, green, red, violet: of data, distinguishable also by people who see colours differently.
    """

    name: str
    page: str
    text: str
    muted: str
    grid: str
    solid: str
    blue: str
    orange: str
    green: str
    red: str
    violet: str

    def state_colour(self, state: str) -> str:
        """Return the colour of a gate state."""
        colours = {
            "PASS": self.green,
            "SLOW": self.orange,
            "FALLBACK": self.blue,
            "STOP": self.red,
            "EMERGENCY_STOP": self.violet,
        }
        return colours.get(state, self.muted)


LIGHT = Theme(
    name="light",
    page="#ffffff",
    text="#1c2530",
    muted="#66717f",
    grid="#e4e8ed",
    solid="#b9c1cb",
    blue="#0067b1",
    orange="#dd7500",
    green="#159a6d",
    red="#cf3030",
    violet="#8b3fa8",
)
DARK = Theme(
    name="dark",
    page="#151b23",
    text="#e6ebf2",
    muted="#93a0b0",
    grid="#2b3542",
    solid="#4a5667",
    blue="#58b0f5",
    orange="#f7a33c",
    green="#3fc796",
    red="#ff6b63",
    violet="#c98ae6",
)
THEMES = (LIGHT, DARK)


@contextmanager
def styled(theme: Theme) -> Iterator[None]:
    """Draw in this theme within the block."""
    style: dict[str, Any] = {
        "figure.facecolor": theme.page,
        "savefig.facecolor": theme.page,
        "axes.facecolor": theme.page,
        "axes.edgecolor": theme.grid,
        "axes.labelcolor": theme.muted,
        "axes.titlecolor": theme.text,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 9,
        "axes.labelsize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": theme.grid,
        "grid.linewidth": 0.8,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "text.color": theme.text,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "font.family": "sans-serif",
        "font.size": 10,
    }
    with mpl.rc_context(style):
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, inches, that belongs to no window."""
    return Figure(figsize=(width, height), layout="constrained")


def png(figure: Figure) -> bytes:
    """Return the figure as a PNG file."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()
