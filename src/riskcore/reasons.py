"""The one catalogue of refusal reasons, in order of precedence: the first that applies is the one reported.

A template is filled with what was measured and the limit it met. `clears` says whether waiting can help:
"now" (ask again), "today" (later in this session), "next session", "operator" (somebody must act) or "never"
(this signal will always be refused).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from attrs import frozen

from riskcore.money import PAISA, exact, grouped
from riskcore.values import Later

Measured: TypeAlias = Decimal | int | str | None
Raw: TypeAlias = Measured | datetime | date | time | timedelta | tuple[str, ...]
Reading: TypeAlias = tuple[str, Raw, Raw, Decimal | None]
"""What a rule answers: (reason, measured, limit, largest quantity); the reason "" is a pass.

A plain tuple of values as they were compared, because every rule is asked for every signal, and its finding is
mostly never read. `finding_of` makes the finding.
"""
RUPEES: Final = "rupees"
MILLISECONDS: Final = Decimal("0.001")
SECOND: Final = timedelta(seconds=1)
MICROSECOND: Final = timedelta(microseconds=1)
AS_IT_IS: Final = frozenset({int, str, type(None)})
"""Kinds of values that a finding tells as they were measured."""


class Reason(NamedTuple):
    """One way to be refused."""

    code: str
    template: str
    clears: str


CATALOGUE: Final = (
    Reason("entries_stopped", "entries are stopped: {measured}", "operator"),
    Reason("stopped_for_session", "entries are stopped for this session: {measured}", "next session"),
    Reason("stopped_for_now", "entries are stopped for now: {measured}", "today"),
    Reason("calendar_unknown", "{measured}", "operator"),
    Reason("instrument_unknown", "nothing can be seen of the instrument: {measured}", "operator"),
    Reason("market_closed", "the market is closed at {measured}: {limit}", "next session"),
    Reason("before_first_entry", "{measured} is before the first entry time {limit}", "today"),
    Reason("after_cut_off", "{measured} is at or after the entry cut-off {limit}", "next session"),
    Reason("session_not_allowed", "a {measured} session is not among the allowed ones: {limit}", "next session"),
    Reason("weekday_not_allowed", "{measured} is not among the allowed days of the week: {limit}", "next session"),
    Reason("outside_entry_windows", "{measured} is in none of the entry windows: {limit}", "today"),
    Reason("signal_repeated", "the signal {measured} was acted on already", "never"),
    Reason("signal_stale", "the signal is {measured} s old; at most {limit} s", "never"),
    Reason("signal_from_future", "the signal is {measured} s ahead of our clock; at most {limit} s", "now"),
    Reason("side_not_allowed", "{measured} is not among the allowed sides: {limit}", "operator"),
    Reason("symbol_not_allowed", "{measured} is not among the allowed symbols", "operator"),
    Reason("symbol_denied", "{measured} is among the denied symbols", "operator"),
    Reason("product_not_allowed", "{measured} is not among the allowed products: {limit}", "operator"),
    Reason("not_carried", "{measured} is entered nowhere at {limit}: what is carried there is not told", "operator"),
    Reason("short_not_allowed", "{measured} cannot be sold short", "never"),
    Reason("mis_not_allowed", "{measured} may not be traded intraday; it is on {limit}", "next session"),
    Reason("expiry_near", "{measured} ends in delivery; positions in it are left from {limit} on", "never"),
    Reason("undecided_at_close", "the session ended before anything was seen of {measured}", "never"),
    Reason("exit_came_first", "an exit signal of {measured} came before its entry was decided", "never"),
    Reason("cancel_came_first", "a cancel signal of {measured} came before its entry was decided", "never"),
    Reason("not_flat", "a reversal enters only when nothing is held or on its way in {measured}", "now"),
    Reason("reversal_lapsed", "what was held in {measured} was not gone within {limit} s of the reversal", "never"),
    Reason("nothing_to_cancel", "nothing works or waits to enter {measured}", "never"),
    Reason("shadow_only", "the signal only shadows, so nothing in {measured} leaves or ends by it", "never"),
    Reason("exit_without_position", "no open position in {measured} to exit", "never"),
    Reason("exit_working", "an exit of {measured} is already on its way", "never"),
    Reason("no_position", "no open position in {measured} whose stop could move", "never"),
    Reason("stop_not_tighter", "a stop at {measured} is not tighter than {limit}", "never"),
    Reason("stop_beyond_market", "the market at {limit} has passed a stop at {measured}: exit instead", "now"),
    Reason("equity_unknown", "the opening equity of this session is not known", "operator"),
    Reason("funds_unknown", "the broker was asked for its funds and gave no usable answer", "now"),
    Reason("quote_missing", "no quote of {measured}", "now"),
    Reason("quote_stale", "the quote is {measured} s old; at most {limit} s", "now"),
    Reason("evidence_missing", "{measured} not seen, which the rule needs", "now"),
    Reason("data_stale", "the last trade was {measured} s ago; the limit is {limit} s", "now"),
    Reason("spread_too_wide", "the spread is Rs {measured}; the limit is Rs {limit}", "now"),
    Reason("near_band", "a price band is Rs {measured} away; more than Rs {limit} is needed", "today"),
    Reason("gap_too_wide", "the price is Rs {measured} from the previous close; the limit is Rs {limit}", "today"),
    Reason("unusual_move", "prices moved by Rs {measured} just now; the limit is Rs {limit}", "now"),
    Reason("peak_unknown", "the highest equity so far is not known, so no drawdown is", "operator"),
    Reason("price_too_low", "the quote is Rs {measured}; at least Rs {limit}", "never"),
    Reason("price_too_high", "the quote is Rs {measured}; at most Rs {limit}", "never"),
    Reason("signal_price_missing", "the signal for {measured} tells no price to compare with the quote", "never"),
    Reason("price_drifted", "the quote is {measured} % away from the signal's price; at most {limit} %", "never"),
    Reason("correlation_unknown", "no correlation with {measured}: {limit} returns that vary are needed", "operator"),
    Reason("stop_missing", "{measured} is held without a stop, so what it may lose has no bound", "operator"),
    Reason("atr_not_ready", "ATR needs {limit} bars, has {measured}", "today"),
    Reason("stop_level_missing", "none of the {measured} levels is on the losing side of {limit}", "never"),
    Reason("stop_swing_missing", "no confirmed swing on the losing side of {limit} in {measured} bars", "today"),
    Reason("zero_risk", "the stop {measured} stands at the entry {limit}", "never"),
    Reason("stop_wrong_side", "the stop {measured} is not on the losing side of the entry {limit}", "never"),
    Reason("stop_beyond_zero", "a stop {measured} away lies beyond zero for a price of {limit}", "never"),
    Reason("stop_too_tight", "the stop is Rs {measured} away; at least Rs {limit}", "never"),
    Reason("stop_too_wide", "the stop is Rs {measured} away; at most Rs {limit}", "never"),
    Reason("target_beyond_zero", "a target {measured} away lies beyond zero for a price of {limit}", "never"),
    Reason("risk_reward_too_low", "reward is {measured} R; at least {limit} R, short by {short} R", "never"),
    Reason("symbol_held", "{measured} is already held", "today"),
    Reason("symbol_working", "an order in {measured} is already working", "now"),
    Reason("other_product", "{measured} is held or on its way as {limit}: a position is of one product", "today"),
    Reason("order_rate", "{measured} orders sent in this second; at most {limit} leave room for one more", "now"),
    Reason("exit_in_progress", "an exit of {measured} is on its way", "now"),
    Reason("opposite_working", "an entry on the other side of {measured} is on its way", "now"),
    Reason("held_against", "the account holds {measured} of {limit} that are not ours: the two would be netted", "now"),
    Reason("too_many_positions", "{measured} positions open or on their way; at most {limit}", "today"),
    Reason("too_many_trades", "{measured} trades today; at most {limit}", "next session"),
    Reason("limit_positions", "{measured} positions open or on their way; at most {limit}", "today"),
    Reason("limit_trades", "{measured} trades today; at most {limit}", "next session"),
    Reason("too_many_entries", "{measured} entries in the symbol today; at most {limit}", "next session"),
    Reason("cooling_down", "{measured} s of trading since the last close; {limit} s are to pass", "today"),
    Reason("cooling_down_after_loss", "{measured} s of trading since the last loss; {limit} s are to pass", "today"),
    Reason("stopped_out_today", "{measured} was stopped out in this session ({limit})", "next session"),
    Reason("too_many_stops", "{measured} stop-outs close together; {limit} stop entries for a while", "today"),
    Reason("cluster_crowded", "with the entry {measured} positions move together; at most {limit}", "today"),
    Reason("too_correlated", "a correlation of {measured}; at most {limit}", "today"),
    Reason("daily_loss_reached", "today's loss is Rs {measured}; the limit is Rs {limit}", "next session"),
    Reason("gave_back", "Rs {measured} of the day's best given back; the limit is Rs {limit}", "next session"),
    Reason("loss_streak", "{measured} trades lost in a row; the limit is {limit}", "next session"),
    Reason("loss_streak_r", "{measured} R lost in a row; the limit is {limit} R", "next session"),
    Reason("drawdown_reached", "equity is Rs {measured} below its peak; the limit is Rs {limit}", "operator"),
    Reason("limit_loss", "{measured} lost today; the limit is Rs {limit}", "next session"),
    Reason("weekly_loss_reached", "this week's loss is Rs {measured}; the limit is Rs {limit}", "next session"),
    Reason("monthly_loss_reached", "this month's loss is Rs {measured}; the limit is Rs {limit}", "next session"),
    Reason(
        "worst_case_too_large",
        "with every stop hit and one lot more, today's loss is Rs {measured}; it must stay below Rs {limit}",
        "next session",
    ),
    Reason(
        "worst_case_over", "the size is {measured}; with every stop hit the day has room for {limit}", "next session"
    ),
    Reason("open_risk_full", "Rs {measured} at risk between entries and stops; at most Rs {limit}", "today"),
    Reason("cluster_full", "Rs {measured} in use by what moves together; at most Rs {limit}", "today"),
    Reason("sector_full", "Rs {measured} of the sector in use; at most Rs {limit}", "today"),
    Reason("sector_net_full", "Rs {measured} of the sector in use, long less short; at most Rs {limit}", "today"),
    Reason("unknown_sectors_full", "Rs {measured} in use by symbols without a sector; at most Rs {limit}", "today"),
    Reason("limit_full", "{measured} in use; at most Rs {limit}", "today"),
    Reason(
        "option_sale_not_allowed",
        "{measured} would be sold to open, and no table of yours has its margin; sell_options: true asks the broker",
        "operator",
    ),
    Reason(
        "margin_unknown",
        "no margin for {measured}: no table has its rate, and no broker told one that can be; give your own (margins "
        "in a folder of tables)",
        "operator",
    ),
    Reason("charges_unknown", "{measured}", "operator"),
    Reason("insufficient_funds", "Rs {measured} free; one lot needs Rs {limit}", "today"),
    Reason("position_too_large", "with one lot more the position is Rs {measured}; at most Rs {limit}", "never"),
    Reason("order_too_large", "one lot is worth Rs {measured}; at most Rs {limit} an entry", "never"),
    Reason("sector_over", "the size is {measured}; the sector has room for {limit}", "today"),
    Reason("kelly_not_ready", "Kelly needs {limit} finished trades with wins and losses, has {measured}", "operator"),
    Reason("kelly_no_edge", "Kelly's fraction of the finished trades is {measured}: there is no edge", "operator"),
    Reason("throttled", "{measured} % below the peak of equity, less than one lot may be risked", "operator"),
    Reason("below_one_lot", "{limit} allows {measured}, which is less than one lot", "never"),
    Reason("below_min_quantity", "the size is {measured}; at least {limit}", "never"),
    Reason("rule_failed", "a rule of yours failed: {measured}", "operator"),
    Reason(
        "net_risk_reward_too_low",
        "reward is {measured} R after charges; at least {limit} R, short by {short} R",
        "never",
    ),
    Reason("price_off_tick", "{measured} is not a multiple of the tick {limit}", "never"),
    Reason("quantity_off_lot", "{measured} is not a multiple of the lot {limit}", "never"),
    Reason("over_risk_budget", "the order risks Rs {measured}; the budget is Rs {limit}", "never"),
)
"""Every reason a core rule can give. A custom rule's codes carry a prefix of their own (with a colon)."""

REASONS: Final = {reason.code: reason for reason in CATALOGUE}
PRECEDENCE: Final = {reason.code: place for place, reason in enumerate(CATALOGUE)}


@frozen
class Finding:
    """What one rule found: passed or not, what it measured, the limit, and the most it would allow.

    `rule` is the policy field to edit (or the fixed check's name), `reason` the catalogue code of a failure and
    "" of a pass. `max_quantity` is a rule's cap on the size, in shares before lot rounding; None caps nothing.

    The numbers are in the unit of the setting it is named after: rupees, per cent, shares, seconds.
    """

    rule: str
    passed: bool
    reason: str = ""
    measured: Measured = None
    limit: Measured = None
    max_quantity: Decimal | None = None

    @property
    @exact
    def text(self) -> str:
        """The finding as a sentence."""
        if self.passed:
            return f"{shown(self.measured)} of {shown(self.limit)}" if self.limit is not None else shown(self.measured)
        reason = REASONS.get(self.reason)
        if reason is None:
            told = self.measured is not None or self.limit is not None
            return f"{shown(self.measured)} against {shown(self.limit)}" if told else self.reason
        short = _gap(self.measured, self.limit)
        return reason.template.format(measured=shown(self.measured), limit=shown(self.limit), short=short)

    @property
    def clears(self) -> str:
        """Whether waiting can help; a custom rule's own code says nothing, so "operator"."""
        reason = REASONS.get(self.reason)
        return reason.clears if reason else "operator"


def in_ascii(line: str) -> str:
    """A line for any console: what somebody else wrote into it (a reason, a name) is escaped where it is not ASCII."""
    if line.isascii() and line.isprintable():
        return line
    return "".join(letter if " " <= letter <= "~" else ascii(letter)[1:-1] for letter in line)


def finding_of(rule: str, reading: Reading, unit: str = "") -> Finding:
    """The finding of a reading: money in `unit` rupees to the paisa, moments and lists as text."""
    measured: Any
    limit: Any
    reason, measured, limit, most = reading
    if type(measured) is Decimal:
        measured = measured.quantize(PAISA, ROUND_HALF_UP) if unit == RUPEES else measured
    elif type(measured) not in AS_IT_IS:
        measured = _told(measured)
    if type(limit) is Decimal:
        limit = limit.quantize(PAISA, ROUND_HALF_UP) if unit == RUPEES else limit
    elif type(limit) not in AS_IT_IS:
        limit = _told(limit)
    return Finding(rule, not reason, reason, measured, limit, most)


class Asked(Protocol):
    """A rule that was asked: the name that its finding bears, and the unit of what it measures."""

    @property
    def name(self) -> str:
        """What its finding is called."""

    @property
    def unit(self) -> str:
        """The unit of its numbers, "" where none is told."""


class Findings(Later[Finding]):
    """What every rule found, made when somebody reads it: most decisions are never explained.

    It equals a tuple of the same findings, and is kept and sent as one. What could not be asked is not among them.
    """

    __slots__ = ()

    def __init__(self, answers: Iterable[tuple[Asked, Reading | None]]) -> None:
        super().__init__(partial(_made_of, answers))


@exact
def _made_of(answers: Iterable[tuple[Asked, Reading | None]]) -> tuple[Finding, ...]:
    return tuple([finding_of(row.name, found, row.unit) for row, found in answers if found is not None])


def _told(value: Any) -> Measured:
    if isinstance(value, tuple):
        return "/".join(value) or "none"
    if isinstance(value, timedelta):
        return _seconds(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")[:19]
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")[: 8 if value.second else 5]
    if isinstance(value, date):
        return value.isoformat()
    told: Measured = value
    return told


def _seconds(length: timedelta) -> Decimal | int:
    whole, rest = divmod(length, SECOND)
    return whole if not rest else (Decimal(length // MICROSECOND) / 1_000_000).quantize(MILLISECONDS)


def shown(value: Measured) -> str:
    """A measured value for people: two decimals for amounts, thousands separated."""
    if value is None:
        return "-"
    return grouped(value) if isinstance(value, Decimal) else str(value)


def _gap(measured: Measured, limit: Measured) -> str:
    """What is missing to the limit, with as many decimals as it takes to be seen."""
    if not isinstance(measured, Decimal) or not isinstance(limit, Decimal):
        return "-"
    gap = abs(limit - measured)
    return grouped(gap) if gap >= Decimal("0.01") else f"{gap:.2g}"


def in_precedence(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Failed findings, the one to report first at the front; codes the catalogue lacks come last."""
    failed = (finding for finding in findings if not finding.passed)
    return tuple(sorted(failed, key=lambda finding: PRECEDENCE.get(finding.reason, len(PRECEDENCE))))
