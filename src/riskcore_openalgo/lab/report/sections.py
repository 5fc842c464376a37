"""The sections of a page: each takes the study and gives its markup, nothing where there is nothing to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

import riskcore as rc
from riskcore import analytics
from riskcore.analytics.explaining import fallen_pct
from riskcore_openalgo.lab.report import charts
from riskcore_openalgo.lab.report.drawing import Markup, tag, text
from riskcore_openalgo.lab.report.figures import figures, said
from riskcore_openalgo.lab.report.markup import Marked, card, money, table
from riskcore_openalgo.lab.report.study import Story, Study
from riskcore_openalgo.lab.report.trade_chart import trade_chart

WIDE: Final = 1100
NARROW: Final = 380
REFUSALS_SHOWN: Final = 100
SESSIONS_DRAWN: Final = 90
"""With more sessions than this a column is a month, and the calendar opens a year at a time."""
TRADES_LISTED, TRADES_SHOWN = 200, 100
"""With more trades than the first the table shows so many as the second, and the others a year at a time."""
GROUPS: Final = ("symbol", "strategy", "reason", "hour", "weekday", "side", "rule", "exit_rule")
SYMBOLS_BESIDE: Final = 12
NSE: Final = "NSE:"
NAMED: Final = {"rule": "rule that set the size", "exit_rule": "setting that placed the exit", "hour": "hour of entry"}
KEY: Final = (
    '<div class="key">'
    '<span><svg viewBox="0 0 26 12"><circle cx="13" cy="6" r="4.5" class="entry"/></svg>entry</span>'
    '<span><svg viewBox="0 0 26 12"><circle cx="13" cy="6" r="4.5" class="exit"/></svg>exit</span>'
    '<span><svg viewBox="0 0 26 12"><path d="M0 9H12V3H26" class="stop"/></svg>stop</span>'
    '<span><svg viewBox="0 0 26 12"><line x1="0" y1="6" x2="26" y2="6" class="target"/></svg>target</span></div>'
)


def equity(study: Study) -> Markup:
    """Equity and drawdown, drawn once for a desk and once for a phone."""
    curve = study.performance.curve
    if not curve.days:
        return tag("p", "No session whose equity is known.", class_="quiet")
    made, deepest = "", f"Deepest inside sessions {said(fallen_pct(study.performance, inside=True), '%')}"
    for width, kind in ((WIDE, "wide"), (NARROW, "narrow")):
        drawn = card("Equity, rupees", charts.equity(curve, width))
        drawn += card("Below its highest point, percent", charts.drawdown(curve, width, deepest))
        made += tag("div", drawn, class_=kind)
    return made


def results(study: Study) -> Markup:
    """R distribution, and the calendar of daily results."""
    of = study.performance
    made = ""
    if of.statistics.count:
        bins = [(_bin(part), float(part.count)) for part in of.r_distribution]
        drawn = charts.columns(bins, "Trades by R", signed=False)
        made += card("Trades by R", drawn, "1 R is what was at risk between entry and first stop.")
    if len(of.curve.days) > 1:
        each, bars = _bars([(day.session, float(day.net)) for day in of.curve.days], sum)
        made += card(f"Result of each {each}, rupees", charts.columns(bars, f"Result of each {each}"))
    return tag("div", made, class_="grid") + calendar(study) if made else calendar(study)


def _bars(
    days: Sequence[tuple[date, float]], together: Callable[[Iterable[float]], float]
) -> tuple[str, list[tuple[str, float]]]:
    """What a column stands for, and the columns: a session, or where they would be too thin to see, a month."""
    if len(days) <= SESSIONS_DRAWN:
        return "session", [(f"{day:%d %b}", value) for day, value in days]
    months: dict[str, list[float]] = {}
    for day, value in days:
        months.setdefault(f"{day:%b %y}", []).append(value)
    return "month", [(name, together(values)) for name, values in months.items()]


def calendar(study: Study) -> Markup:
    """A month a card, a cell a session; many years open one by one."""
    days = study.performance.curve.days
    if not days:
        return ""
    by_month: dict[date, dict[date, Decimal]] = {}
    for day in days:
        by_month.setdefault(day.session.replace(day=1), {})[day.session] = day.net
    most = max(abs(float(day.net)) for day in days)
    head = tag("h3", "Calendar of daily results, rupees", style="margin-top:16px")
    if len(days) <= SESSIONS_DRAWN:
        return head + _months(by_month, most)
    made = head
    for year in sorted({first.year for first in by_month}, reverse=True):
        found = {first: results for first, results in by_month.items() if first.year == year}
        net = sum((result for results in found.values() for result in results.values()), Decimal(0))
        told = f"{year}: {said(net, 'Rs')} in {sum(map(len, found.values()))} sessions"
        made += tag("details", tag("summary", text(told)) + _months(found, most), class_="year")
    return made


def _months(by_month: dict[date, dict[date, Decimal]], most: float) -> Markup:
    cards = "".join(card("", charts.month(first, found, most)) for first, found in by_month.items())
    return tag("div", cards, class_="months")


def _bin(part: analytics.RBin) -> str:
    if part.low is None:
        return f"< {part.high}"
    return f">= {part.low}" if part.high is None else f"{part.low}..{part.high}"


def trade_table(study: Study) -> Markup:
    """Every finished trade in a row; of many the newest, and the others a year at a time."""
    if not study.stories:
        return tag("p", "No finished trade.", class_="quiet")
    if len(study.stories) <= TRADES_LISTED:
        return _trades(study.stories)
    newest, earlier = study.stories[-TRADES_SHOWN:], study.stories[:-TRADES_SHOWN]
    made = tag("p", text(f"The newest {len(newest)}; the others open a year at a time."), class_="quiet")
    made += _trades(newest)
    for year in sorted({story.trade.closed_at.year for story in earlier}, reverse=True):
        found = [story for story in earlier if story.trade.closed_at.year == year]
        net = sum((story.trade.net for story in found), Decimal(0))
        told = tag("summary", text(f"{year}: {len(found)} trades, {said(net, 'Rs')}"))
        made += tag("details", told + _trades(found), class_="year")
    return made


def _trades(stories: Sequence[Story]) -> Markup:
    names = ("#", "opened", "closed", "symbol", "side", "qty", "entry", "exit", "by", "net", "R", "strategy", "notes")
    return tag("div", table(names, map(_row, stories), numbers=(0, 5, 6, 7, 9, 10), long=(12,)), class_="card")


def _row(story: Story) -> list[object]:
    trade = story.trade
    tags = "".join(tag("span", text(one), class_="chip") for note in story.notes for one in note.tags)
    told = " ".join(note.text for note in story.notes if note.text)
    return [
        story.number,
        *_times(trade.opened_at, trade.closed_at),
        trade.key,
        trade.side,
        trade.quantity,
        rc.grouped(trade.entry_price),
        rc.grouped(trade.exit_price),
        trade.reason,
        money(trade.net),
        _in_r(trade.r_multiple),
        trade.strategy or "-",
        Marked(tags + text(told)),
    ]


def _times(opened: datetime, closed: datetime) -> tuple[str, str]:
    """When a trade began and ended; of bars of a day, which know no time, the days."""
    if opened.time() == closed.time() == time(0):
        return f"{opened:%Y-%m-%d}", f"{closed:%Y-%m-%d}"
    ended = f"{closed:%H:%M}" if closed.date() == opened.date() else f"{closed:%m-%d %H:%M}"
    return f"{opened:%Y-%m-%d %H:%M}", ended


def trade_charts(study: Study, most: int) -> Markup:
    """The newest trades, each on its prices."""
    shown = study.stories[-most:] if most else ()
    if not shown:
        return ""
    left = len(study.stories) - len(shown)
    more = f"The newest {len(shown)} are drawn, {left} earlier ones stand in the table." if left else ""
    cards = "".join(_drawn(story) for story in reversed(shown))
    return KEY + tag("p", text(more), class_="quiet") + tag("div", cards, class_="grid")


def _drawn(story: Story) -> Markup:
    trade = story.trade
    in_r = "" if trade.r_multiple is None else f", {trade.r_multiple:+.2f} R"
    title = f"{story.number}. {trade.side} {trade.quantity} {trade.key}, {trade.opened_at:%d %b %Y}"
    about = f"Left by {trade.reason or '-'}: {said(trade.net, 'Rs')}{in_r}. " + _moves(story)
    return card(title, trade_chart(story), about.strip())


def _moves(story: Story) -> str:
    moved = Counter(level.rule or "by hand" for level in story.stops[1:])
    told = ", ".join(f"{rule} {times}x" for rule, times in moved.items())
    notes = " ".join(f'"{note.text}"' for note in story.notes if note.text)
    return " ".join(part for part in (f"Stop moved: {told}." if told else "", notes) if part)


def excursions(study: Study) -> Markup:
    """MAE and MFE of each trade against what it brought."""
    made = ""
    for title, measure, about in (
        ("MAE: against the trade, R", analytics.adverse_r, "Winners far to the right were nearly stopped out."),
        ("MFE: in its favour, R", analytics.favourable_r, "Losers far to the right gave a gain back."),
    ):
        points = []
        for story in study.stories:
            far, brought = measure(story.trade), story.trade.r_multiple
            if far is not None and brought is not None:
                told = f"{story.number}. {story.trade.key}: {far:.2f} R, brought {brought:+.2f} R"
                points.append((float(far), float(brought), told))
        if points:
            made += card(title, charts.scatter(points, title, title.split(":")[0] + " in R", "net result in R"), about)
    return tag("div", made, class_="grid") if made else ""


def refusals(study: Study) -> Markup:
    """How often each rule said no, and the newest refusals with their numbers."""
    of = study.performance
    asked = study.approved + study.withheld + len(study.refused)
    shadows = f", {study.withheld} approved and not sent: they only shadow" if study.withheld else ""
    said_no = f"{asked} entries were asked for, {len(study.refused)} of them refused{shadows}."
    told = tag("p", text(said_no), class_="quiet")
    if not study.refused:
        return told
    counts = [(rule, float(times)) for rule, times in of.refused[:14]]
    drawn = card("Refused entries by rule", charts.ranked(counts, "Refused entries by rule", lambda n: f"{n:.0f}"))
    newest = study.refused[-REFUSALS_SHOWN:]
    rows = [
        (f"{one.at:%Y-%m-%d %H:%M}", one.key, one.side, "; ".join(f"{rule}: {why}" for rule, _, why in one.failed))
        for one in reversed(newest)
    ]
    title = "Every refusal" if len(newest) == len(study.refused) else f"The newest {len(newest)} refusals"
    listed = table(("at", "symbol", "side", "why"), rows, long=(3,))
    summary = tag("summary", text(title))
    return (
        told
        + tag("div", drawn, class_="grid")
        + tag("details", summary + listed, class_="card", style="margin-top:12px")
    )


def charges(study: Study) -> Markup:
    """What trading cost, beside what it brought."""
    of = study.performance
    if not of.trades:
        return ""
    turnover = sum((t.quantity * (t.entry_price + t.exit_price) for t in of.trades), Decimal(0))
    rows = [
        ("Gross result", said(of.gross, "Rs")),
        ("Charges", said(of.charges, "Rs")),
        ("Net result", said(of.net, "Rs")),
        ("Charges a trade", said(of.charges / len(of.trades), "Rs")),
        ("Turnover", said(turnover, "Rs")),
        ("Charges of the turnover", said(of.charges / turnover * 100, "%") if turnover else "-"),
        ("Charges of the gross result", said(of.charges / of.gross * 100, "%") if of.gross > 0 else "-"),
    ]
    made = card("", table(("", ""), rows, numbers=(1,), long=(0,), heads=False))
    if len(of.curve.days) > 1:
        each, bars = _bars([(day.session, float(day.charges)) for day in of.curve.days], sum)
        title = f"Charges of each {each}"
        made += card(f"{title}, rupees", charts.columns(bars, title, signed=False))
    return tag("div", made, class_="grid")


def exposure(study: Study) -> Markup:
    """What was held and what it took of the capital, session by session."""
    known = [day for day in study.performance.curve.days if day.exposure is not None and day.opening > 0]
    if not known:
        return ""
    if len(known) == 1:
        rows = [(one.name, one.said) for one in figures(study.performance) if one.group == "Exposure"]
        return tag("div", card("", table(("", ""), rows, numbers=(1,), long=(0,), heads=False)), class_="grid")
    made = ""
    for title, values, together in (
        ("Held over trading hours, % of equity", [d.exposure.gross / d.opening for d in known if d.exposure], _mean),
        ("Capital used at most, % of equity", [d.exposure.peak_margin / d.opening for d in known if d.exposure], max),
        ("Time with a position, %", [day.exposure.time_share for day in known if day.exposure], _mean),
    ):
        days = [(day.session, float(value) * 100) for day, value in zip(known, values, strict=True)]
        made += card(title, charts.columns(_bars(days, together)[1], title, signed=False))
    return tag("div", made, class_="grid")


def _mean(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept)


def groups(study: Study) -> Markup:
    """The same trades by what they have in common; a long list of symbols stands beside the others."""
    made = {}
    for name in GROUPS:
        parts = study.performance.by(name)
        if len(parts) > 1 or (name in {"symbol", "strategy"} and parts):
            made[name] = card(f"By {NAMED.get(name, name)}", _group(name, parts))
    first = tag("div", made.pop("symbol")) if len(study.performance.by("symbol")) > SYMBOLS_BESIDE else ""
    others = tag("div", "".join(made.values()), class_="columns") if made else ""
    return tag("div", first + others, class_="split") if first else others


def _group(name: str, parts: Sequence[analytics.Part]) -> Markup:
    nse = name == "symbol" and all(part.name.startswith(NSE) for part in parts)
    rows = [
        (
            part.name.removeprefix(NSE) if nse else part.name,
            part.count,
            _won(part),
            money(part.net, digits=0),
            _in_r(part.expectancy_r),
        )
        for part in parts
    ]
    columns = (name, "trades", "won", "net, Rs", "R")
    return table(columns, rows, numbers=(1, 2, 3, 4), long=() if name == "symbol" else (0,))


def _won(part: analytics.Part) -> str:
    return "-" if part.win_rate is None else f"{part.win_rate:.0%}"


def _in_r(value: Decimal | None) -> str:
    return "-" if value is None else f"{value:+.2f}"
