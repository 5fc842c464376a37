"""The half of `straight_line` that is about money: losses, risk, exposure, size, and the last look at the order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from operator import mul

from benchmarks.straight_terms import GRAIN, HUNDRED, ONE, SECTORS, ZERO, paisa
from riskcore.reasons import Finding


def about_losses(signal, book, market, policy, result):
    opening, today, daily = book.opening_equity, market.at.date(), book.opening_equity * policy.max_daily_loss / HUNDRED
    loss, best = max(-result, ZERO), book.session_peak - opening
    armed = opening * policy.give_back_after_pct / HUNDRED
    given = best - result if best >= armed else ZERO
    most_given = max(best, armed) * policy.max_give_back_pct / HUNDRED
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


def correlations(signal, book, market, policy):
    """The entry and what is held, and how far each two of them win together."""
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
    return keys, together


def about_correlation(signal, book, market, policy, base, limit):
    keys, together = correlations(signal, book, market, policy)
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
    sector, net, in_symbol = ZERO, ZERO, ZERO
    free = book.opening_equity + result - max(unrealised, ZERO)
    for held in book.positions:
        value = held.last * held.quantity
        free -= value * known.margins[held.instrument.key] / HUNDRED
        if held.instrument.sector == thing.sector:
            sector += value
            net += value if held.side == signal.side else -value
        if held.instrument.key == thing.key:
            in_symbol += value
    free = min(free, market.available_cash)
    share, whole = limit * known.margin / HUNDRED, in_symbol + limit
    largest = base * policy.max_position_size_percent / HUNDRED
    short, large = "" if free >= share else "insufficient_funds", "" if whole <= largest else "position_too_large"
    room = max(largest - in_symbol, ZERO)
    return [
        in_room("max_sector_exposure", "sector_full", sector, base * policy.max_sector_exposure / HUNDRED, limit),
        in_room(
            "max_sector_net_exposure", "sector_net_full", net, base * policy.max_sector_net_exposure / HUNDRED, limit
        ),
        Finding("max_unknown_sector_exposure", True, "", thing.sector),
        under_limits(book, policy, base, limit),
        Finding("margin", True, "", known.margin),
        Finding("charges_as_of", True, "", market.at.date().isoformat()),
        Finding("funds", not short, short, paisa(max(free, ZERO)), paisa(share), max(free, ZERO) // share),
        Finding("max_position_size_percent", not large, large, paisa(whole), paisa(largest), room // limit),
    ]


def under_limits(book, policy, base, limit):
    least = None
    for row in policy.limits:
        taken = ZERO
        for held in book.positions:
            its = held.instrument.symbol if row.scope == "symbol" else getattr(held, row.scope)
            if its == row.name:
                taken += held.last * held.quantity
        most = base * row.max_exposure / HUNDRED
        if least is None or max(most - taken, ZERO) < least[0]:
            least = max(most - taken, ZERO), taken, most, row
    room, taken, most, row = least
    if room >= limit:
        return Finding("limits.max_exposure", True, "", paisa(taken), paisa(most), room // limit)
    used = f"Rs {taken:,.2f} of {row.title}"
    return Finding("limits.max_exposure", False, "limit_full", used, paisa(most), room // limit)


def capped(name, most, limit):
    return Finding(name, most >= 1, "" if most >= 1 else "below_one_lot", most, limit, Decimal(most))


def by_results(signal, book, policy, base, percent, each, loss, equity):
    """What the finished trades and the drawdown allow."""
    results = [done.r_multiple for done in book.outcomes if done.strategy == signal.strategy]
    won, lost = [one for one in results if one > 0], [-one for one in results if one < 0]
    rate = Decimal(len(won)) / (len(won) + len(lost))
    fraction = rate - (ONE - rate) / ((sum(won, ZERO) / len(won)) / (sum(lost, ZERO) / len(lost)))
    by_kelly = most_within(base * policy.kelly_multiplier * fraction, each, loss)
    fallen, first = max((book.peak_equity - equity) * HUNDRED / book.peak_equity, ZERO), policy.throttle_from_pct
    left = HUNDRED - (HUNDRED - policy.throttle_least_pct) * (fallen - first) / (policy.throttle_to_pct - first)
    left = HUNDRED if fallen <= first else policy.throttle_least_pct if fallen >= policy.throttle_to_pct else left
    usual = min(policy.risk_per_trade, percent, policy.kelly_multiplier * max(fraction, ZERO) * HUNDRED)
    throttled = most_within(base * usual / HUNDRED * left / HUNDRED, each, loss)
    enough = throttled >= 1
    return (
        capped("kelly_multiplier", by_kelly, "kelly_multiplier"),
        Finding("throttle_from_pct", enough, "" if enough else "throttled", fallen, first, Decimal(throttled)),
    )


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
    kelly, throttle = by_results(signal, book, policy, base, safe.risk_per_trade, each, loss, equity)
    over, over_too = limit > policy.max_notional, limit > cheap.max_notional
    large, room = "" if whole <= part else "position_too_large", max(part - held, ZERO)
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
        Finding("limits.max_position_size_percent", not large, large, paisa(whole), paisa(part), room // limit),
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
        kelly,
        throttle,
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
