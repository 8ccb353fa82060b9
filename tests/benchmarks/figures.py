"""Formats the results of a run as text."""

import os
import statistics
from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The given quantile (0 to 1) of the values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values: Sequence[float]) -> str:
    """Median, with the lowest and the highest."""
    return f"{statistics.median(values):.4g} ({min(values):.4g} to {max(values):.4g})"


def reach(name: str, value: float, limit: float, *, at_least: bool = False, unit: str = "") -> str:
    """One line that says whether the goal is met."""
    met = value >= limit if at_least else value <= limit
    sign = "at least" if at_least else "at most"
    return f"  {'met   ' if met else 'MISSED'} {name}: {value:.4g}{unit}, goal {sign} {limit:g}{unit}"


def load() -> str:
    """The machine's current load."""
    if not hasattr(os, "getloadavg"):
        return f"{os.cpu_count()} cores"
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
