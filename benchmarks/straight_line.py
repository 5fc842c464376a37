"""One decision in straight lines: the findings of `riskcore.decide` under the policy of `whole_rulebook`, bare.

What the library spends on being a library is the difference: no table of rules, no context, no sizes, stops or orders
as values; Decimal arithmetic on what was given, one `Finding` a rule. It knows its policy: which rules are on, that
Kelly sizes, that stops are placed by ATR and by per cent, and that the book has no latch and nothing on its way. What
`decide` keeps from one call to the next (session, margins, rates of charges) is handed in.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from operator import mul

from riskcore.reasons import Finding

ZERO, ONE, HUNDRED, PAISA = Decimal(0), Decimal(1), Decimal(100), Decimal("0.01")
GRAIN, STILL, HALF_R = Decimal("0.000001"), Decimal("1e-40"), Decimal("-0.5")
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECTORS = ("max_sector_exposure", "max_sector_net_exposure", "max_unknown_sector_exposure")


def paisa(value):
    return value.quantize(PAISA, ROUND_HALF_UP)


def seconds(length):
    whole, rest = divmod(length, SECOND)
    return whole if not rest else (Decimal(length // MICROSECOND) / 1_000_000).quantize(Decimal("0.001"))


def clock(moment):
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")


def straight_line(signal, book, market, policy, known):
    """The findings of the decision, in the order in which it reports them."""
    told = about_time(signal, book, market, policy, known)
    price = market.ask if signal.side == "BUY" else market.bid
    told += about_data(signal, book, market, policy, price)
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
    told += about_correlation(signal, book, market, policy, base, limit)
    told += about_room(signal, book, market, policy, known, base, limit, unrealised, result)
    told += about_size(signal, book, market, policy, base, limit, each, loss, book.opening_equity + result)
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


def about_data(signal, book, market, policy, price):
    side, symbol, product = signal.side, signal.symbol, signal.product
    good_side, good, denied = (
        side in policy.allowed_sides,
        symbol in policy.allowed_symbols,
        symbol in policy.denied_symbols,
    )
    sold = product in policy.allowed_products
    age = market.at - market.quote_at
    fresh = -SECOND * policy.clock_skew_s <= age <= SECOND * policy.quote_max_age_s
    traded = Decimal((market.at - market.traded_at) // MICROSECOND) / 1_000_000
    wide, most_wide = market.ask - market.bid, (market.ask + market.bid) / 2 * policy.max_spread_pct / HUNDRED
    away, near = min(price - market.band_low, market.band_high - price), price * policy.near_band_pct / HUNDRED
    gap, most_gap = abs(price - market.previous_close), market.previous_close * policy.max_gap_pct / HUNDRED
    first = market.at - SECOND * policy.unusual_move_s
    recent = [seen for moment, seen in market.recent_prices if first <= moment <= market.at]
    move, most_move = max(max(recent), price) - min(min(recent), price), market.atr * policy.unusual_move_atr
    slow, spread = traded >= policy.stale_after_s, wide >= most_wide
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
        Finding("surveillance", True, "", "no list given"),
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
    most = policy.limits[0]
    return [
        Finding("one_position_per_symbol", not crowded, "symbol_held" if crowded else "", symbol),
        Finding("exit", True, "", symbol),
        Finding("opposite", True, "", symbol),
        Finding("max_orders_per_s", sent < most_sent, "" if sent < most_sent else "order_rate", sent, most_sent),
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


def about_losses(signal, book, market, policy, result):
    opening, today, daily = book.opening_equity, market.at.date(), book.opening_equity * policy.max_daily_loss / HUNDRED
    loss, best = max(-result, ZERO), book.session_peak - opening
    armed = opening * policy.give_back_after_pct / HUNDRED
    given = best - result if best >= armed else ZERO
    most_given = (max(best, armed)) * policy.max_give_back_pct / HUNDRED
    row, row_r = 0, ZERO
    for done in reversed(book.outcomes):
        net = done.gross - done.charges
        if net > 0:
            break
        if net < 0:
            row += 1
            row_r -= done.r_multiple if done.r_multiple is not None else ZERO
    fallen, most_fallen = book.peak_equity - opening - result, book.peak_equity * policy.max_drawdown / HUNDRED
    scoped = Finding("limits.max_daily_loss", True)
    for limit in policy.limits:
        net = ZERO
        for done in book.outcomes:
            its = done.key[4:] if limit.scope == "symbol" else getattr(done, limit.scope)
            if done.session == today and its == limit.name:
                net += done.gross - done.charges
        for held in book.positions:
            its = held.instrument.symbol if limit.scope == "symbol" else getattr(held, limit.scope)
            if its == limit.name:
                moved = (held.last - held.average_price) * held.quantity
                net += held.realised - held.charges + (moved if held.side == "BUY" else -moved)
        if -net >= opening * limit.max_daily_loss / HUNDRED and scoped.passed:
            most = paisa(opening * limit.max_daily_loss / HUNDRED)
            scoped = Finding("limits.max_daily_loss", False, "limit_loss", f"{limit.title}: Rs {-net:,.2f}", most)
    reached, back, fell = loss >= daily, given >= most_given, fallen >= most_fallen
    long, heavy = row >= policy.max_loss_streak, row_r >= policy.max_loss_streak_r
    return [
        Finding("max_daily_loss", not reached, "daily_loss_reached" if reached else "", paisa(loss), paisa(daily)),
        Finding("max_give_back_pct", not back, "gave_back" if back else "", paisa(given), paisa(most_given)),
        Finding("max_loss_streak", not long, "loss_streak" if long else "", row, policy.max_loss_streak),
        Finding("max_loss_streak_r", not heavy, "loss_streak_r" if heavy else "", row_r, policy.max_loss_streak_r),
        Finding("max_drawdown", not fell, "drawdown_reached" if fell else "", paisa(fallen), paisa(most_fallen)),
        scoped,
    ]


def since(name, first, book, market, percent, result):
    today, days = market.at.date(), book.days
    past = [day for day in days if first <= day.session < today]
    began = min(past, key=lambda day: day.session).opening_equity if past else book.opening_equity
    loss, most = max(-(sum((day.net for day in past), ZERO) + result), ZERO), began * percent / HUNDRED
    reached = f"{name}_reached" if loss >= most else ""
    return Finding(f"max_{name}", loss < most, reached, paisa(loss), paisa(most))


def loss_at_stop(signal, market, policy, known, limit, stop):
    """What a share loses at the stop, slippage counted, and a function that tells the loss of so many."""
    buys = signal.side == "BUY"
    slip = max(market.instrument.tick * policy.slippage_ticks, stop * policy.slippage_pct / HUNDRED)
    leave = max(stop - slip, ZERO) if buys else stop + slip
    each, other = abs(limit - leave), "SELL" if buys else "BUY"

    def loss(quantity):
        return (
            each * quantity
            + cost(policy, known.rates, signal.side, limit * quantity)
            + cost(policy, known.rates, other, leave * quantity)
        )

    return each, loss


def cost(policy, rates, side, value):
    """Charges of one intraday order of so many rupees."""
    brokerage = min(value * policy.brokerage_pct / HUNDRED, policy.brokerage_max)
    stt = value * (rates.stt_buy_pct if side == "BUY" else rates.stt_sell_pct) / HUNDRED
    fee, sebi = value * rates.exchange_pct / HUNDRED, value * rates.sebi_pct / HUNDRED
    stamp = value * rates.stamp_buy_pct / HUNDRED if side == "BUY" else ZERO
    return brokerage + stt + fee + sebi + stamp + (brokerage + fee + sebi) * rates.gst_pct / HUNDRED


def most_within(budget, each, loss):
    """The most shares that lose no more than the budget: a straight line is drawn to it, every second step halves."""
    if budget <= 0:
        return 0
    most = int(budget // each)
    if most == 0:
        return 0
    low, lost_low, high, guess, halve = 0, ZERO, most + 1, most, False
    lost_high = each * high
    while True:
        lost = loss(guess)
        if lost <= budget:
            low, lost_low = guess, lost
        else:
            high, lost_high = guess, lost
        if high - low == 1:
            return low
        if halve:
            guess = low + (high - low) // 2
        else:
            between = int((budget - lost_low) / (lost_high - lost_low) * (high - low))
            guess = low + min(max(between, 1), high - low - 1)
        halve = not halve


def about_open_risk(book, market, policy, base, each, loss, result):
    lost, taken = book.charges - book.realised, ZERO
    for held in book.positions:
        if held.side == "BUY":
            worst, away = min(held.stop, held.last) - held.average_price, held.average_price - held.stop
        else:
            worst, away = held.average_price - max(held.stop, held.last), held.stop - held.average_price
        lost -= worst * held.quantity
        taken += max(away, ZERO) * held.quantity
    day, room = book.opening_equity * policy.max_daily_loss / HUNDRED, base * policy.max_open_risk / HUNDRED
    most = most_within(day - lost, each, loss)
    if most and lost + loss(most) >= day:
        most -= 1
    more = most_within(max(room - taken, ZERO), each, loss)
    today = market.at.date()
    return [
        Finding(
            "daily_loss_worst_case",
            most >= 1,
            "" if most >= 1 else "worst_case_too_large",
            paisa(max(lost + loss(1), ZERO)),
            paisa(day),
            Decimal(most),
        ),
        since("weekly_loss", today - timedelta(days=today.weekday()), book, market, policy.max_weekly_loss, result),
        since("monthly_loss", today.replace(day=1), book, market, policy.max_monthly_loss, result),
        Finding(
            "max_open_risk", more >= 1, "" if more >= 1 else "open_risk_full", paisa(taken), paisa(room), Decimal(more)
        ),
    ]


def about_correlation(signal, book, market, policy, base, limit):
    closes = dict(market.closes)
    keys = [market.instrument.key, *(held.instrument.key for held in book.positions)]
    sides = [signal.side, *(held.side for held in book.positions)]
    count = min(policy.correlation_window + 1, *(len(closes[key]) for key in keys))
    away, squares = [], []
    for key in keys:
        prices = closes[key][-count:]
        returns = [close / before - ONE for before, close in pairwise(prices)]
        mean = sum(returns, ZERO) / len(returns)
        away.append([one - mean for one in returns])
        squares.append(sum(map(mul, away[-1], away[-1]), ZERO))
    kept, together = ONE - policy.correlation_shrinkage, {}
    for one in range(len(keys)):
        for other in range(one + 1, len(keys)):
            both = sum(map(mul, away[one], away[other]), ZERO)
            alike = kept * max(min(both / (squares[one] * squares[other]).sqrt(), ONE), -ONE)
            together[one, other] = (alike if sides[one] == sides[other] else -alike).quantize(GRAIN)
    worst, key = max((together[0, other], keys[other]) for other in range(1, len(keys)))
    cluster, waiting = {0}, [0]
    while waiting:
        here = waiting.pop()
        for other in range(len(keys)):
            pair = (min(here, other), max(here, other))
            if other not in cluster and together[pair] >= policy.cluster_correlation:
                cluster.add(other)
                waiting.append(other)
    alone, small = worst <= policy.max_correlation, len(cluster) <= policy.max_cluster_positions
    taken = ZERO
    for place, held in enumerate(book.positions, 1):
        if place in cluster:
            taken += held.last * held.quantity
    return [
        Finding(
            "max_correlation",
            alone,
            "" if alone else "too_correlated",
            worst if alone else f"{worst:.2f} with {key}",
            policy.max_correlation,
        ),
        Finding(
            "max_cluster_positions",
            small,
            "" if small else "cluster_crowded",
            len(cluster),
            policy.max_cluster_positions,
        ),
        in_room("max_cluster_exposure", "cluster_full", taken, base * policy.max_cluster_exposure / HUNDRED, limit),
    ]


def in_room(name, full, taken, most, price):
    room = max(most - taken, ZERO)
    return Finding(name, room >= price, "" if room >= price else full, paisa(taken), paisa(most), room // price)


def about_room(signal, book, market, policy, known, base, limit, unrealised, result):
    thing = market.instrument
    sector, net, scoped, in_symbol = ZERO, ZERO, None, ZERO
    free = book.opening_equity + result - max(unrealised, ZERO)
    for held in book.positions:
        value = held.last * held.quantity
        free -= value * known.margins[held.instrument.key] / HUNDRED
        if held.instrument.sector == thing.sector:
            sector += value
            net += value if held.side == signal.side else -value
        if held.instrument.key == thing.key:
            in_symbol += value
    for row in policy.limits:
        taken = ZERO
        for held in book.positions:
            its = held.instrument.symbol if row.scope == "symbol" else getattr(held, row.scope)
            if its == row.name:
                taken += held.last * held.quantity
        most = base * row.max_exposure / HUNDRED
        if scoped is None or max(most - taken, ZERO) < scoped[0]:
            scoped = max(most - taken, ZERO), taken, most, row
    room, taken, most, row = scoped
    fits, free = room >= limit, min(free, market.available_cash)
    share, whole = limit * known.margin / HUNDRED, in_symbol + limit
    largest = base * policy.max_position_size_percent / HUNDRED
    return [
        in_room("max_sector_exposure", "sector_full", sector, base * policy.max_sector_exposure / HUNDRED, limit),
        in_room(
            "max_sector_net_exposure", "sector_net_full", net, base * policy.max_sector_net_exposure / HUNDRED, limit
        ),
        Finding("max_unknown_sector_exposure", True, "", thing.sector),
        Finding("limits.max_exposure", True, "", paisa(taken), paisa(most), room // limit)
        if fits
        else Finding(
            "limits.max_exposure", False, "limit_full", f"Rs {taken:,.2f} of {row.title}", paisa(most), room // limit
        ),
        Finding("margin", True, "", known.margin),
        Finding("charges_as_of", True, "", market.at.date().isoformat()),
        Finding(
            "funds",
            free >= share,
            "" if free >= share else "insufficient_funds",
            paisa(max(free, ZERO)),
            paisa(share),
            max(free, ZERO) // share,
        ),
        Finding(
            "max_position_size_percent",
            whole <= largest,
            "" if whole <= largest else "position_too_large",
            paisa(whole),
            paisa(largest),
            max(largest - in_symbol, ZERO) // limit,
        ),
    ]


def capped(name, most, limit):
    return Finding(name, most >= 1, "" if most >= 1 else "below_one_lot", most, limit, Decimal(most))


def about_size(signal, book, market, policy, base, limit, each, loss, equity):
    symbol = market.instrument.symbol
    rows = [row for row in policy.limits if row.name in (symbol, signal.strategy, signal.product)]
    tight = min(rows, key=lambda row: row.max_position_size_percent)
    few, cheap = min(rows, key=lambda row: row.max_quantity), min(rows, key=lambda row: row.max_notional)
    safe = min(rows, key=lambda row: row.risk_per_trade)
    held = sum((one.last * one.quantity for one in book.positions if one.instrument.symbol == symbol), ZERO)
    part, whole = base * tight.max_position_size_percent / HUNDRED, held + limit
    slices = market.instrument.freeze_quantity * policy.max_slices
    by_risk = most_within(base * safe.risk_per_trade / HUNDRED, each, loss)
    results = [done.r_multiple for done in book.outcomes if done.strategy == signal.strategy]
    won, lost = [one for one in results if one > 0], [-one for one in results if one < 0]
    rate = Decimal(len(won)) / (len(won) + len(lost))
    fraction = rate - (ONE - rate) / ((sum(won, ZERO) / len(won)) / (sum(lost, ZERO) / len(lost)))
    by_kelly = most_within(base * policy.kelly_multiplier * fraction, each, loss)
    fallen, first = max((book.peak_equity - equity) * HUNDRED / book.peak_equity, ZERO), policy.throttle_from_pct
    left = HUNDRED - (HUNDRED - policy.throttle_least_pct) * (fallen - first) / (policy.throttle_to_pct - first)
    left = HUNDRED if fallen <= first else policy.throttle_least_pct if fallen >= policy.throttle_to_pct else left
    usual = min(policy.risk_per_trade, safe.risk_per_trade, policy.kelly_multiplier * max(fraction, ZERO) * HUNDRED)
    throttled = most_within(base * usual / HUNDRED * left / HUNDRED, each, loss)
    over, over_too = limit > policy.max_notional, limit > cheap.max_notional
    return [
        capped("max_quantity", policy.max_quantity, "max_quantity"),
        Finding(
            "max_notional",
            not over,
            "order_too_large" if over else "",
            paisa(limit),
            paisa(policy.max_notional),
            policy.max_notional // limit,
        ),
        capped("max_slices", slices, "max_slices"),
        Finding(
            "limits.max_position_size_percent",
            whole <= part,
            "" if whole <= part else "position_too_large",
            paisa(whole),
            paisa(part),
            max(part - held, ZERO) // limit,
        ),
        capped("limits.max_quantity", few.max_quantity, f"max_quantity of {few.title}"),
        Finding(
            "limits.max_notional",
            not over_too,
            "order_too_large" if over_too else "",
            paisa(limit),
            paisa(cheap.max_notional),
            cheap.max_notional // limit,
        ),
        capped("limits.risk_per_trade", by_risk, f"risk_per_trade of {safe.title}"),
        capped("kelly_multiplier", by_kelly, "kelly_multiplier"),
        Finding(
            "throttle_from_pct",
            throttled >= 1,
            "" if throttled >= 1 else "throttled",
            fallen,
            first,
            Decimal(throttled),
        ),
    ]


def about_the_size(policy, sized, quantity, lot):
    wanted = min(most for name, most in sized if name not in SECTORS)
    room = min(most for name, most in sized if name in SECTORS)
    others = min(most for name, most in sized if name != "daily_loss_worst_case")
    day = min(most for name, most in sized if name == "daily_loss_worst_case")
    risk, least = sized[0][1], policy.min_quantity
    return [
        Finding("risk_per_trade", risk >= lot, "" if risk >= lot else "below_one_lot", risk, "risk_per_trade"),
        Finding("sector_over", room >= wanted, "" if room >= wanted else "sector_over", wanted, room),
        Finding("worst_case_over", day >= others, "" if day >= others else "worst_case_over", others, day),
        Finding("min_quantity", quantity >= least, "" if quantity >= least else "below_min_quantity", quantity, least),
    ]


def last_look(signal, market, policy, known, prices, quantity, loss, budget):
    price, limit, stop, distance, target = prices
    tick, lot, buys = market.instrument.tick, market.instrument.lot_size, signal.side == "BUY"
    enter, leave, rates = signal.side, "SELL" if buys else "BUY", known.rates
    leaving = cost(policy, rates, leave, target * quantity)
    entering = cost(policy, rates, enter, price * quantity)
    lost = distance * quantity + cost(policy, rates, leave, stop * quantity)
    ratio = (abs(target - price) * quantity - leaving - entering) / (lost + entering)
    least, risk = policy.min_risk_reward, loss(quantity)
    off = next((one for one in (limit, stop, target) if one <= 0 or one % tick), None)
    whole, losing = quantity >= lot and quantity % lot == 0, stop < limit if buys else stop > limit
    within = risk <= budget and losing
    return [
        Finding("risk_reward_basis", ratio >= least, "" if ratio >= least else "net_risk_reward_too_low", ratio, least),
        Finding("tick", off is None, "" if off is None else "price_off_tick", limit if off is None else off, tick),
        Finding("lot", whole, "" if whole else "quantity_off_lot", quantity, lot),
        Finding("risk", within, "" if within else "over_risk_budget", paisa(risk), paisa(budget)),
    ]
