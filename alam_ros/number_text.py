"""Returns and costs, whose scale is the user's, as text."""

from __future__ import annotations


def number_text(value: float, decimals: int = 1) -> str:
    """Return a number to `decimals`, and where that says little by significant digits.

    Args:
        value: of any scale.
        decimals: of numbers from 1 on; smaller ones have one significant digit more than that, larger ones none (with one decimal
            from 1,000 on), and from ten million on an exponent.
    """
    size = abs(value)
    if size >= 1e7:
        return f"{value:.4g}"
    if size >= 10.0 ** (decimals + 2):
        return f"{value:.0f}"
    return f"{value:.{decimals}f}" if size >= 1.0 or value == 0.0 else f"{value:.{decimals + 1}g}"
