"""What was measured, against what, and whether that is enough."""

import statistics
from collections.abc import Sequence

from msgspec import Struct


class Figure(Struct):
    """``ratio`` is the value to its reference, ``target`` in words, ``met`` is ``None`` where nothing was asked."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def share(name: str, unit: str, pairs: Sequence[tuple[float, float]], *, at_least: float | None = None) -> Figure:
    """Of (value, reference) in each round: medians, and the median of the rounds' ratios."""
    ratio = statistics.median(value / reference for value, reference in pairs)
    return Figure(
        name,
        statistics.median(value for value, _ in pairs),
        unit,
        statistics.median(reference for _, reference in pairs),
        ratio,
        f"ratio ≥ {at_least}" if at_least is not None else "",
        ratio >= at_least if at_least is not None else None,
    )


def at_most(
    name: str, value: float, unit: str, limit: float | None = None, *, reference: float | None = None, ok: bool = True
) -> Figure:
    """``ok`` says whether what else must be true was so."""
    ratio = value / reference if reference else None
    target = f"≤ {limit:g} {unit}" if limit is not None else ""
    return Figure(name, value, unit, reference, ratio, target, value <= limit and ok if limit is not None else None)


def table(figures: Sequence[Figure]) -> str:
    rows = [("figure", "value", "unit", "reference", "ratio", "target", "met")]
    rows += [
        (
            f.name,
            _short(f.value),
            f.unit,
            _short(f.reference),
            "" if f.ratio is None else f"{f.ratio:.3f}",
            f.target,
            {True: "yes", False: "NO", None: ""}[f.met],
        )
        for f in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:]])


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
