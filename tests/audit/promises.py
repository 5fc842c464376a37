"""What is promised of sizing, rounding and limits, as contracts for CrossHair (`python3 tasks.py audit`).

Each function asks the library and returns what it said; `pre:` says which inputs are meant, `post:` what must hold of
the answer. CrossHair looks for inputs that break it by solving, not by chance.
"""

from decimal import Decimal

from riskcore.money import DOWN, UP, floor_to_lot, percent_of, round_to_tick, to_paisa
from riskcore.sizing import Size, size
from riskcore.stops import given_stop
from riskcore.targets import given_target

PAISE = 100


def lots(quantity: int, lot_size: int) -> int:
    """Whole lots, never more than asked, and one lot more would be.

    pre: 0 <= quantity <= 10 ** 6
    pre: 1 <= lot_size <= 1000
    post: __return__ % lot_size == 0
    post: __return__ <= quantity < __return__ + lot_size
    """
    return floor_to_lot(quantity, lot_size)


def no_negative_lots(quantity: int, lot_size: int) -> int:
    """What is below nothing is nothing.

    pre: -(10 ** 6) <= quantity < 0
    pre: 1 <= lot_size <= 1000
    post: __return__ == 0
    """
    return floor_to_lot(quantity, lot_size)


def rounded_down(paise: int, tick_paise: int) -> Decimal:
    """On the tick, at the price or below it by less than a tick.

    pre: 1 <= paise <= 10 ** 7
    pre: tick_paise in (1, 5, 10, 50, 100, 500)
    post: __return__ * 100 % tick_paise == 0
    post: paise - tick_paise < __return__ * 100 <= paise
    """
    return round_to_tick(Decimal(paise) / PAISE, Decimal(tick_paise) / PAISE, DOWN)


def rounded_up(paise: int, tick_paise: int) -> Decimal:
    """On the tick, at the price or above it by less than a tick.

    pre: 1 <= paise <= 10 ** 7
    pre: tick_paise in (1, 5, 10, 50, 100, 500)
    post: __return__ * 100 % tick_paise == 0
    post: paise <= __return__ * 100 < paise + tick_paise
    """
    return round_to_tick(Decimal(paise) / PAISE, Decimal(tick_paise) / PAISE, UP)


def booked(tenths_of_a_paisa: int) -> Decimal:
    """To the nearest paisa, halves away from nought.

    pre: -(10 ** 6) <= tenths_of_a_paisa <= 10 ** 6
    post: abs(__return__ * 1000 - tenths_of_a_paisa) <= 5
    post: abs(tenths_of_a_paisa) % 10 != 5 or abs(__return__ * 1000) > abs(tenths_of_a_paisa)
    """
    return to_paisa(Decimal(tenths_of_a_paisa) / 1000)


def budget(equity: int, entry: int, distance: int) -> Size:
    """The quantity loses at most one per cent, and one share more would lose more.

    pre: 0 <= equity <= 10 ** 7
    pre: 2 <= entry <= 10 ** 5
    pre: 1 <= distance < entry
    post: __return__.quantity * distance * 100 <= equity
    post: (__return__.quantity + 1) * distance * 100 > equity
    """
    return size(equity=equity, risk_per_trade=1, entry=entry, stop=entry - distance)


def least_of_all(equity: int, distance: int, first: int, second: int) -> Size:
    """No cap is exceeded; the binding one and the next come first, in order.

    pre: 0 <= equity <= 10 ** 6
    pre: 1 <= distance <= 100
    pre: 0 <= first <= 1000
    pre: 0 <= second <= 1000
    post: __return__.quantity <= min(first, second)
    post: __return__.quantity == __return__.caps[0][1] <= __return__.caps[1][1] <= __return__.caps[2][1]
    """
    caps = (("first", first), ("second", second))
    return size(equity=equity, risk_per_trade=1, entry=1000, stop=1000 - distance, caps=caps)


def whole_lots(equity: int, distance: int, lot_size: int) -> Size:
    """Whole lots only, and never more than the risk allows.

    pre: 0 <= equity <= 10 ** 6
    pre: 1 <= distance <= 100
    pre: 1 <= lot_size <= 500
    post: __return__.quantity % lot_size == 0
    post: __return__.quantity * distance * 100 <= equity
    """
    return size(equity=equity, risk_per_trade=1, entry=1000, stop=1000 - distance, lot_size=lot_size)


def tighter_is_never_more(equity: int, distance: int, cap: int, less: int) -> tuple[int, int]:
    """A lower cap never gives a larger quantity.

    pre: 0 <= equity <= 10 ** 6
    pre: 1 <= distance <= 100
    pre: 0 <= less <= cap <= 1000
    post: __return__[1] <= __return__[0]
    """
    sizes = (
        size(equity=equity, risk_per_trade=1, entry=1000, stop=1000 - distance, caps=(("cap", most),))
        for most in (cap, less)
    )
    wide, tight = (found.quantity for found in sizes)
    return wide, tight


def stop_nearer(paise: int, way: int) -> Decimal:
    """A given stop is rounded towards the entry, by less than a tick.

    pre: 100 <= paise <= 10 ** 6
    pre: way in (1, -1)
    post: 0 <= way * (__return__ * 100 - paise) < 5
    """
    side = "BUY" if way == 1 else "SELL"
    return given_stop(side=side, entry=1000, stop=Decimal(paise) / PAISE, tick="0.05").price


def target_not_beyond(paise: int, way: int) -> Decimal:
    """A given target is never rounded beyond what was asked.

    pre: 100 <= paise <= 10 ** 6
    pre: way in (1, -1)
    post: 0 <= way * (paise - __return__ * 100) < 5
    """
    side = "BUY" if way == 1 else "SELL"
    stop = 1000 - way
    return given_target(side=side, entry=1000, stop=stop, price=Decimal(paise) / PAISE, tick="0.05").price


def share_of(base: int, percent: int) -> Decimal:
    """A percentage is exact: nothing is lost and nothing gained.

    pre: 0 <= base <= 10 ** 9
    pre: 0 <= percent <= 100
    post: __return__ * 100 == base * percent
    """
    return percent_of(Decimal(base), Decimal(percent))
