"""One decision in straight lines: the findings of `riskcore.decide` under the policy of `whole_rulebook`, bare.

What the library spends on being a library is the difference: no table of rules, no context, no sizes, stops or orders
as values; Decimal arithmetic on what was given, one `Finding` a rule. It knows its policy: which rules are on, that
Kelly sizes, that stops are placed by ATR and by per cent, and that the book has no latch and nothing on its way. What
`decide` keeps from one call to the next (session, margins, rates of charges) is handed in.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from benchmarks.straight_money import (
    about_correlation,
    about_losses,
    about_open_risk,
    about_room,
    about_size,
    about_the_size,
    last_look,
    loss_at_stop,
    most_within,
)
from benchmarks.straight_terms import DAYS, HALF_R, HUNDRED, MICROSECOND, SECOND, ZERO, clock, paisa, seconds
from riskcore.reasons import Finding


def straight_line(signal, book, market, policy, known):
    """The findings of the decision, in the order in which it reports them."""
    told = about_time(signal, book, market, policy, known)
    price = market.ask if signal.side == "BUY" else market.bid
    told += about_wish(signal, policy)
    told += about_market(book, market, policy, price)
    limit, stop, distance, target = levels(signal, market, policy, price)
    told += about_levels(signal, market, policy, price, limit, stop, distance, target)
    told += about_counts(signal, book, market, policy)
    told += about_waiting(signal, book, market, policy)
    unrealised = ZERO
    for held in book.positions:
        moved = (held.last - held.average_price) * held.quantity
        unrealised += moved if held.side == "BUY" else -moved
    result = book.realised - book.charges + unrealised
    base = book.opening_equity + book.realised - book.charges
    told += about_losses(signal, book, market, policy, result)
    each, loss = loss_at_stop(signal, market, policy, known, limit, stop)
    told += about_open_risk(book, market, policy, base, each, loss, result)
    worth = max(price, limit)  # of a sale the limit is the lowest price, and what it is worth is the quote
    told += about_correlation(signal, book, market, policy, base, worth)
    told += about_room(signal, book, market, policy, known, base, worth, unrealised, result)
    told += about_size(signal, book, market, policy, base, worth, each, loss, book.opening_equity + result)
    budget = max(base, ZERO) * policy.risk_per_trade / HUNDRED
    caps, lot = [(found.rule, found.max_quantity) for found in told if found.max_quantity is not None], 1
    caps.insert(0, ("risk_per_trade", Decimal(most_within(budget, each, loss))))
    sized = [(name, max(int(most // lot), 0) * lot) for name, most in caps]
    quantity = min(most for _, most in sized)
    told += about_the_size(policy, sized, quantity, lot)
    if all(found.passed for found in told):
        told += last_look(signal, market, policy, known, (price, limit, stop, distance, target), quantity, loss, budget)
    return told


def about_time(signal, book, market, policy, known):
    at, session = market.at, known.session
    time, shown = at.time(), clock(at)
    opened, first, last = session.opens <= at < session.closes, session.entries_from, session.entries_until
    day, wall = DAYS[at.weekday()], at.isoformat()[11:16]
    inside = any(window[:5] <= wall < window[6:] for window in policy.entry_windows)
    new = all(order.approved.order_id != signal.id for order in book.orders)
    new = new and all(held.signal_id != signal.id for held in book.positions)
    age, ahead = at - signal.at, signal.at - at
    fresh, real = age <= SECOND * policy.signal_max_age_s, ahead <= SECOND * policy.clock_skew_s
    kind, kinds, days = session.kind, policy.allowed_sessions, policy.allowed_weekdays
    return [
        Finding("state", True, "", "active"),
        Finding("session", opened, "" if opened else "market_closed", at.strftime("%Y-%m-%d %H:%M:%S")),
        Finding("no_entry_before", at >= first, "" if at >= first else "before_first_entry", shown, clock(first)),
        Finding("no_entry_after", at < last, "" if at < last else "after_cut_off", clock(time), clock(last)),
        Finding(
            "allowed_sessions", kind in kinds, "" if kind in kinds else "session_not_allowed", kind, "/".join(kinds)
        ),
        Finding("allowed_weekdays", day in days, "" if day in days else "weekday_not_allowed", day, "/".join(days)),
        Finding(
            "entry_windows",
            inside,
            "" if inside else "outside_entry_windows",
            shown,
            "/".join(policy.entry_windows),
        ),
        Finding("signal", new, "" if new else "signal_repeated", "new" if new else signal.id),
        Finding("signal_max_age_s", fresh, "" if fresh else "signal_stale", seconds(age), policy.signal_max_age_s),
        Finding(
            "clock_skew_s",
            real,
            "" if real else "signal_from_future",
            seconds(max(ahead, timedelta(0))),
            policy.clock_skew_s,
        ),
    ]


def about_wish(signal, policy):
    side, symbol, product = signal.side, signal.symbol, signal.product
    good_side, good, denied = (
        side in policy.allowed_sides,
        symbol in policy.allowed_symbols,
        symbol in policy.denied_symbols,
    )
    sold = product in policy.allowed_products
    return [
        Finding(
            "allowed_sides", good_side, "" if good_side else "side_not_allowed", side, "/".join(policy.allowed_sides)
        ),
        Finding(
            "allowed_symbols", good, "" if good else "symbol_not_allowed", symbol, "/".join(policy.allowed_symbols)
        ),
        Finding("denied_symbols", not denied, "symbol_denied" if denied else "", symbol),
        Finding(
            "allowed_products", sold, "" if sold else "product_not_allowed", product, "/".join(policy.allowed_products)
        ),
        Finding("expiry_exit_days", True, "", symbol),
        Finding("surveillance", True, "", "no list given"),
    ]


def about_market(book, market, policy, price):
    age = market.at - market.quote_at
    fresh = -SECOND * policy.clock_skew_s <= age <= SECOND * policy.quote_max_age_s
    traded = Decimal((market.at - market.traded_at) // MICROSECOND) / 1_000_000
    wide, most_wide = market.ask - market.bid, (market.ask + market.bid) / 2 * policy.max_spread_pct / HUNDRED
    away, near = min(price - market.band_low, market.band_high - price), price * policy.near_band_pct / HUNDRED
    gap, most_gap = abs(price - market.previous_close), market.previous_close * policy.max_gap_pct / HUNDRED
    first = market.at - SECOND * policy.unusual_move_s
    recent = [seen for moment, seen in market.recent_prices if first <= moment <= market.at]
    move, most_move = max(*recent, price) - min(*recent, price), market.atr * policy.unusual_move_atr
    slow, spread = traded >= policy.stale_after_s, wide >= most_wide
    return [
        Finding("equity", True, "", book.opening_equity),
        Finding("cash", True, "", market.available_cash),
        Finding("quote_max_age_s", fresh, "" if fresh else "quote_stale", seconds(age), policy.quote_max_age_s),
        Finding("stale_after_s", not slow, "data_stale" if slow else "", traded, policy.stale_after_s),
        Finding("max_spread_pct", not spread, "spread_too_wide" if spread else "", paisa(wide), paisa(most_wide)),
        Finding("near_band_pct", away > near, "" if away > near else "near_band", paisa(away), paisa(near)),
        Finding("max_gap_pct", gap < most_gap, "" if gap < most_gap else "gap_too_wide", paisa(gap), paisa(most_gap)),
        Finding(
            "unusual_move_atr",
            move < most_move,
            "" if move < most_move else "unusual_move",
            paisa(move),
            paisa(most_move),
        ),
    ]


def levels(signal, market, policy, price):
    """The worst entry price, the stop, its distance and the target, each on the tick."""
    tick, buys = market.instrument.tick, signal.side == "BUY"
    band, reach, share = (
        price * policy.entry_band_pct / HUNDRED,
        market.atr * policy.stop_atr_multiple,
        price * policy.stop_pct / HUNDRED,
    )
    limit = floor(price + band, tick) if buys else ceiling(price - band, tick)
    by_atr = ceiling(price - reach, tick) if buys else floor(price + reach, tick)
    by_share = ceiling(price - share, tick) if buys else floor(price + share, tick)
    stop = min(by_atr, by_share, key=lambda placed: abs(price - placed))
    distance = abs(price - stop)
    least = max(policy.stop_least_ticks * tick, price * policy.stop_least_pct / HUNDRED)
    greatest = min(price * policy.stop_greatest_pct / HUNDRED, policy.stop_greatest_atr * market.atr)
    if distance < least:
        stop = floor(price - least, tick) if buys else ceiling(price + least, tick)
        distance = abs(price - stop)
    if distance > greatest:
        stop = ceiling(price - greatest, tick) if buys else floor(price + greatest, tick)
        distance = abs(price - stop)
    far = distance * policy.target_r_multiple
    return limit, stop, distance, ceiling(price + far, tick) if buys else floor(price - far, tick)


def floor(price, tick):
    return price // tick * tick


def ceiling(price, tick):
    steps, rest = divmod(price, tick)
    return (steps + 1 if rest else steps) * tick


def about_levels(signal, market, policy, price, limit, stop, distance, target):
    buys, atr = signal.side == "BUY", market.atr
    sound = 0 < stop < min(price, limit) if buys else stop > max(price, limit)
    ready = market.atr_bars >= policy.atr_warmup_bars
    ticks, share = policy.stop_least_ticks * market.instrument.tick, price * policy.stop_least_pct / HUNDRED
    most, most_atr = price * policy.stop_greatest_pct / HUNDRED, policy.stop_greatest_atr * atr
    ratio = abs(target - price) / distance
    enough = ratio >= policy.min_risk_reward
    cheap, dear, drift = price < policy.price_min, price > policy.price_max, abs(signal.price - price) * HUNDRED
    near = drift <= policy.max_price_drift_pct * price
    wide, wide_atr = distance > most, distance > most_atr
    return [
        Finding("atr_warmup_bars", ready, "" if ready else "atr_not_ready", market.atr_bars, policy.atr_warmup_bars),
        Finding("stop_methods", sound, "" if sound else "stop_wrong_side", stop, price),
        Finding("stop_least_ticks", distance >= ticks, "" if distance >= ticks else "stop_too_tight", distance, ticks),
        Finding("stop_least_pct", distance >= share, "" if distance >= share else "stop_too_tight", distance, share),
        Finding("stop_greatest_pct", not wide, "stop_too_wide" if wide else "", distance, most),
        Finding("stop_greatest_atr", not wide_atr, "stop_too_wide" if wide_atr else "", distance, most_atr),
        Finding("min_risk_reward", enough, "" if enough else "risk_reward_too_low", ratio, policy.min_risk_reward),
        Finding("price_min", not cheap, "price_too_low" if cheap else "", price, policy.price_min),
        Finding("price_max", not dear, "price_too_high" if dear else "", price, policy.price_max),
        Finding(
            "max_price_drift_pct", near, "" if near else "price_drifted", drift / price, policy.max_price_drift_pct
        ),
    ]


def about_counts(signal, book, market, policy):
    symbol, key = signal.symbol, market.instrument.key
    keys = [held.instrument.key for held in book.positions]
    sent = book.sent_in_second if book.sent_second == market.at.replace(microsecond=0) else 0
    most_sent = policy.max_orders_per_s - policy.order_tokens_for_exits
    today = market.at.date()
    entries = [
        order.approved
        for order in book.orders
        if (order.status != "rejected" or order.filled_quantity) and order.approved.at.date() == today
    ]
    of_symbol = sum(1 for entry in entries if entry.instrument.key == key)
    full, crowded, trades = book.trades_today >= policy.max_trades_per_day, key in keys, book.trades_today
    slots, again = len(keys) < policy.max_positions, of_symbol < policy.max_entries_per_symbol
    held_in, sent_in = scoped_counts(book, policy, entries, crowded)
    most = policy.limits[0]
    return [
        Finding("one_position_per_symbol", not crowded, "symbol_held" if crowded else "", symbol),
        Finding("exit", True, "", symbol),
        Finding("opposite", True, "", symbol),
        Finding("max_orders_per_s", True, "", sent, most_sent, (most_sent - sent) * market.instrument.freeze_quantity)
        if sent < most_sent
        else Finding("max_orders_per_s", False, "order_rate", sent, most_sent),
        Finding("max_positions", slots, "" if slots else "too_many_positions", len(keys), policy.max_positions),
        Finding("limits.max_positions", not held_in, "limit_positions", held_in, most.max_positions)
        if held_in
        else Finding("limits.max_positions", True),
        Finding("max_trades_per_day", not full, "too_many_trades" if full else "", trades, policy.max_trades_per_day),
        Finding("limits.max_trades_per_day", False, "limit_trades", sent_in, most.max_trades_per_day)
        if sent_in
        else Finding("limits.max_trades_per_day", True),
        Finding(
            "max_entries_per_symbol",
            again,
            "" if again else "too_many_entries",
            of_symbol,
            policy.max_entries_per_symbol,
        ),
    ]


def scoped_counts(book, policy, entries, crowded):
    """What the first limit that is reached says of positions, and of entries; "" where none is."""
    held_in, sent_in = "", ""
    for row in policy.limits:
        if row.scope == "symbol":
            mine = [held for held in book.positions if held.instrument.symbol == row.name]
            came = [entry for entry in entries if entry.instrument.symbol == row.name]
        elif row.scope == "strategy":
            mine = [held for held in book.positions if held.strategy == row.name]
            came = [entry for entry in entries if entry.strategy == row.name]
        else:
            mine = [held for held in book.positions if held.product == row.name]
            came = [entry for entry in entries if entry.product == row.name]
        if len(mine) >= row.max_positions and not crowded:
            held_in = held_in or f"{row.title}: {len(mine)}"
        if len(came) >= row.max_trades_per_day:
            sent_in = sent_in or f"{row.title}: {len(came)}"
    return held_in, sent_in


def about_waiting(signal, book, market, policy):
    at, key, today = market.at, market.instrument.key, market.at.date()
    mine = [done for done in book.outcomes if done.key == key]
    closed = max(done.closed_at for done in mine)
    lost = max(done.closed_at for done in mine if done.gross < done.charges)
    since, since_lost = at - closed, at - lost
    wait, wait_lost = SECOND * policy.cooldown_s, SECOND * policy.cooldown_after_loss_s
    locked = any(
        done.side == signal.side and done.strategy == signal.strategy and done.session == today and stopped_out(done)
        for done in mine
    )
    stops = sorted(done.closed_at for done in book.outcomes if stopped_out(done))
    counted, many = 0, 0
    window, lock = SECOND * policy.stops_window_s, SECOND * policy.stops_lock_s
    for place, moment in enumerate(stops):
        same = [earlier for earlier in stops[: place + 1] if earlier.date() == moment.date()]
        together = sum(1 for earlier in same if moment - earlier <= window)
        many = many or (together if together >= policy.max_stops and at - moment < lock else 0)
        counted = max(counted, together) if moment.date() == today else counted
    cool, cool_lost = since >= wait, since_lost >= wait_lost
    return [
        Finding("cooldown_s", cool, "" if cool else "cooling_down", seconds(since), policy.cooldown_s),
        Finding(
            "cooldown_after_loss_s",
            cool_lost,
            "" if cool_lost else "cooling_down_after_loss",
            seconds(since_lost),
            policy.cooldown_after_loss_s,
        ),
        Finding(
            "reentry_after_stop",
            not locked,
            "stopped_out_today" if locked else "",
            signal.symbol,
            policy.reentry_after_stop,
        ),
        Finding("max_stops", not many, "too_many_stops" if many else "", many or counted, policy.max_stops),
    ]


def stopped_out(done):
    return (done.r_multiple is not None and done.r_multiple <= HALF_R) or (
        done.reason == "stop" and done.gross <= done.charges
    )
