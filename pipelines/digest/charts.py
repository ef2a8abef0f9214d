"""Small inline SVG charts. Every one has a title, a description, and a table beside it that says the same."""

from datetime import date

from markupsafe import Markup

from pipelines.digest import words
from pipelines.digest.frozen import Brand, Day, Labels, Period, SourceDay

_GAP = 0.28
_LAYERS = ("negative", "neutral", "unscored", "positive")
_SEEN = {
    "complete": "complete",
    "partial": "partly seen",
    "missing": "not seen",
    "not-asked": "not asked for",
}


def scale_top(brands: list[Brand]) -> int:
    """A round number not below any day of these brands: the shared top of their charts."""
    highest = max((day.mentions or 0 for brand in brands for day in brand.days), default=0)
    step = 1
    while True:
        for factor in (4, 6, 8, 10, 12, 16, 20, 30):
            if highest <= step * factor:
                return step * factor
        step *= 10


def day_bars(brand: Brand, period: Period, previous: Period, top: int, *, name: str, width: int, height: int) -> Markup:
    """Mentions a day as bars stacked by sentiment, the period before paler; days not seen are hatched, never zero."""
    left, bottom, head = 34, 20, 16
    plot_width, plot_height = width - left - 2, height - bottom - head
    step = plot_width / len(brand.days)
    marks = [_grid(left, width, head, plot_height, top)]
    for n, day in enumerate(brand.days):
        is_before = day.date < period.first_day
        marks.append(_bar(day, left + n * step, step, head, plot_height, top, is_before))
    middle = left + previous.days * step
    marks.append(
        Markup('<line class="divide" x1="{0}" x2="{0}" y1="2" y2="{1}"/>').format(_n(middle), _n(height - bottom + 4))
    )
    marks.append(_label(left + 2, 10, "before" if previous.days > 1 else "day before", "period-label"))
    marks.append(_label(middle + 5, 10, "this period" if period.days > 1 else "this day", "period-label now"))
    marks += [_label(x, height - 5, text, "tick", anchor) for x, text, anchor in _ticks(brand, left, step, period)]
    return _svg(name, f"{brand.name}: mentions a day", _described(brand, period), width, height, Markup("").join(marks))


def composition(labels: Labels, name: str, width: int = 160, height: int = 10) -> Markup:
    """One bar: how many of the mentions are negative, neutral, not scored and positive."""
    counts = [(layer, getattr(labels, layer)) for layer in _LAYERS]
    parts, x = [], 0.0
    for layer, count in counts:
        size = width * count / labels.mentions if labels.mentions else 0
        if size:
            parts.append(_rect(f"part {layer}", x, 0, max(size - 1, 0.5), height))
        x += size
    said = ", ".join(f"{words.number(count)} {_layer_name(layer)}" for layer, count in counts)
    return _svg(name, "Sentiment of the mentions", said, width, height, Markup("").join(parts), "composition")


def calendar(days: list[SourceDay], period: Period, name: str, source: str, width: int = 640) -> Markup:
    """A source's days in a row: full where complete, half where partly seen, hatched where not seen."""
    height, step = 26, min(40.0, (width - 12) / len(days))
    marks, x = [], 0.0
    for day in days:
        if day.date == period.first_day:
            x += 10
        size = max(step - (3 if step > 8 else 0.6), 0.8)
        marks.append(_rect(f"cell {day.status}", x, 2, size, height - 4, rx=2 if step > 8 else 0))
        if day.status == "partial":
            marks.append(_rect("half", x, height / 2, size, height / 2 - 2, rx=2 if step > 8 else 0))
        if step >= 18:
            marks.append(_label(x + size / 2, 17, str(day.date.day), f"cell-day {day.status}", "middle"))
        x += step
    said = ", ".join(f"{words.short_day(day.date)} {_SEEN[day.status]}" for day in days)
    return _svg(name, f"{source}: days seen", said, round(x), height, Markup("").join(marks), "calendar")


def seen(status: str) -> str:
    """A day's status for readers."""
    return _SEEN[status]


def _bar(day: Day, x: float, step: float, head: float, plot_height: float, top: int, is_before: bool) -> Markup:
    marks = []
    if day.status != "complete":
        height = plot_height if day.mentions is None else plot_height * 0.999
        marks.append(_rect(f"unseen {day.status}", x, head, step, height))
    y = head + plot_height
    for layer in _LAYERS:
        count = getattr(day, layer) or 0
        if count:
            size = max(plot_height * count / top, 0.6)
            y -= size
            name = f"bar {layer} before" if is_before else f"bar {layer}"
            marks.append(_rect(name, x + step * _GAP / 2, y, step * (1 - _GAP), size))
    return Markup("<g><title>{}</title>{}</g>").format(_day_said(day), Markup("").join(marks))


def _day_said(day: Day) -> str:
    when = words.short_day(day.date)
    if day.mentions is None:
        return f"{when}: {_SEEN[day.status]}"
    parts = ", ".join(f"{getattr(day, layer)} {_layer_name(layer)}" for layer in _LAYERS)
    note = "" if day.status == "complete" else f"; {_SEEN[day.status]}"
    return f"{when}: {words.counted(day.mentions, 'mention')} ({parts}){note}"


def _layer_name(layer: str) -> str:
    return "not scored" if layer == "unscored" else layer


def _described(brand: Brand, period: Period) -> str:
    unseen = [words.short_day(day.date) for day in brand.days if day.mentions is None]
    counts = [day.mentions for day in brand.days if day.mentions is not None and day.date >= period.first_day]
    said = "No day of the period was seen."
    if counts:
        said = f"Between {min(counts)} and {max(counts)} mentions a day in the period."
    return f"{said} Not seen: {', '.join(unseen)}." if unseen else said


def _grid(left: float, width: float, head: float, plot_height: float, top: int) -> Markup:
    lines = []
    for part in (0, 0.5, 1):
        y = head + plot_height * (1 - part)
        lines.append(
            Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
                "base" if part == 0 else "grid", _n(left), _n(width - 2), _n(y), _n(y)
            )
        )
        lines.append(_label(left - 6, y + 3.5, words.number(round(top * part)), "tick", "end"))
    return Markup("").join(lines)


def _ticks(brand: Brand, left: float, step: float, period: Period) -> list[tuple[float, str, str]]:
    """First day of each period and the last day, so that labels never meet."""
    days: list[date] = [day.date for day in brand.days]
    middle = days.index(period.first_day)
    ticks = [(left, words.short_day(days[0]), "start"), (left + middle * step, words.short_day(days[middle]), "start")]
    if period.days > 2:
        ticks.append((left + len(days) * step, words.short_day(days[-1]), "end"))
    return ticks


def _rect(name: str, x: float, y: float, width: float, height: float, rx: float = 0) -> Markup:
    corner = Markup(' rx="{}"').format(_n(rx)) if rx else ""
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"{}/>').format(
        name, _n(x), _n(y), _n(width), _n(height), corner
    )


def _label(x: float, y: float, text: str, name: str, anchor: str = "start") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(name, _n(x), _n(y), anchor, text)


def _svg(name: str, title: str, said: str, width: float, height: float, inner: Markup, kind: str = "bars") -> Markup:
    return Markup(
        '<svg class="{kind}" role="img" aria-labelledby="{name}-t {name}-d" viewBox="0 0 {width} {height}" '
        'width="{width}" height="{height}"><title id="{name}-t">{title}</title><desc id="{name}-d">{said}</desc>'
        "{inner}</svg>"
    ).format(kind=kind, name=name, width=_n(width), height=_n(height), title=title, said=said, inner=inner)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
