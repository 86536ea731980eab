"""Draws lines and points into an SVG file, with linear or logarithmic axes; nothing but the standard library."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 40, 50
# Okabe and Ito: told apart by everybody.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#000000")
_STEPS = (1.0, 2.0, 5.0, 10.0)
_TICKS = 6


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points that belong together.

    Attributes:
        label: in the legend.
        points: (x, y); positive where the axis is logarithmic.
        is_joined: drawn as a line through points, else as points alone.
    """

    label: str
    points: Sequence[tuple[float, float]]
    is_joined: bool = True


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis.

    Attributes:
        label: what it measures, with the unit.
        is_logarithmic: equal factors have equal lengths.
        is_whole: marks are whole numbers.
    """

    label: str
    is_logarithmic: bool = False
    is_whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A plot; `has_diagonal` draws the line y = x, dashed."""

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    has_diagonal: bool = False


def draw(plot: Plot) -> str:
    """Return the SVG document of a plot.

    Raises:
        ValueError: there is no point, or one that is not positive on a logarithmic axis.
    """
    xs = [x for series in plot.series for x, _ in series.points]
    ys = [y for series in plot.series for _, y in series.points]
    if not xs:
        raise ValueError(f"{plot.title}: there is nothing to draw")
    x_ticks, y_ticks = _ticks(plot.x, xs), _ticks(plot.y, ys)
    to_x = _scale(plot.x, x_ticks, (_LEFT, _WIDTH - _RIGHT))
    to_y = _scale(plot.y, y_ticks, (_HEIGHT - _BOTTOM, _TOP))
    parts = [*_frame(plot), *_grid(x_ticks, y_ticks, to_x, to_y)]
    if plot.has_diagonal:
        low, high = max(x_ticks[0], y_ticks[0]), min(x_ticks[-1], y_ticks[-1])
        if low < high:
            parts.append(_line([(to_x(low), to_y(low)), (to_x(high), to_y(high))], "#888", dashes="6 4"))
    for index, series in enumerate(plot.series):
        parts += _drawn(series, _COLOURS[index % len(_COLOURS)], to_x, to_y)
        parts += _legend(series.label, _COLOURS[index % len(_COLOURS)], index)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(plot.title)}">\n{body}\n</svg>\n'
    )


def _frame(plot: Plot) -> list[str]:
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    height = (_TOP + _HEIGHT - _BOTTOM) / 2
    return [
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(middle, 22, plot.title, anchor="middle", more=' font-size="14" font-weight="bold"'),
        _text(middle, _HEIGHT - 12, plot.x.label, anchor="middle"),
        _text(16, height, plot.y.label, anchor="middle", more=f' transform="rotate(-90 16 {height:g})"'),
    ]


def _grid(
    x_ticks: Sequence[float],
    y_ticks: Sequence[float],
    to_x: Callable[[float], float],
    to_y: Callable[[float], float],
) -> list[str]:
    parts: list[str] = []
    for tick in x_ticks:
        parts.append(_line([(to_x(tick), _TOP), (to_x(tick), _HEIGHT - _BOTTOM)], "#ddd"))
        parts.append(_text(to_x(tick), _HEIGHT - _BOTTOM + 16, f"{tick:g}", anchor="middle"))
    for tick in y_ticks:
        parts.append(_line([(_LEFT, to_y(tick)), (_WIDTH - _RIGHT, to_y(tick))], "#ddd"))
        parts.append(_text(_LEFT - 6, to_y(tick) + 4, f"{tick:g}", anchor="end"))
    return parts


def _drawn(series: Series, colour: str, to_x: Callable[[float], float], to_y: Callable[[float], float]) -> list[str]:
    places = [(to_x(x), to_y(y)) for x, y in series.points]
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    return [_line(places, colour, width=2), *dots] if series.is_joined else dots


def _legend(label: str, colour: str, index: int) -> list[str]:
    height = _TOP + 14 + 18 * index
    return [
        f'<circle cx="{_LEFT + 14}" cy="{height - 4}" r="4" fill="{colour}"/>',
        _text(_LEFT + 24, height, label, anchor="start"),
    ]


def _line(places: Sequence[tuple[float, float]], colour: str, *, width: int = 1, dashes: str = "") -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'


def _text(x: float, y: float, text: str, *, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'


def _scale(axis: Axis, ticks: Sequence[float], page: tuple[float, float]) -> Callable[[float], float]:
    """Return where on the page a value is; the outermost marks are the ends."""
    low, high = _place(axis, ticks[0]), _place(axis, ticks[-1])
    start, end = page
    return lambda value: start + (_place(axis, value) - low) / (high - low) * (end - start)


def _place(axis: Axis, value: float) -> float:
    if not axis.is_logarithmic:
        return value
    if value <= 0:
        raise ValueError(f"{axis.label}: {value:g} has no place on a logarithmic axis")
    return math.log10(value)


def _ticks(axis: Axis, values: Sequence[float]) -> list[float]:
    low, high = (_place(axis, value) for value in (min(values), max(values)))
    if axis.is_logarithmic:
        first, last = math.floor(low), max(math.ceil(high), math.floor(low) + 1)
        stride = max(1, math.ceil((last - first) / _TICKS))
        return [10.0**exponent for exponent in range(first, last + stride, stride)]
    rough = max((high - low) / _TICKS, 1.0 if axis.is_whole else 1e-9 * max(abs(high), 1.0))
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough * (1 - 1e-9))
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    return [step * index for index in range(first, last + 1)]
