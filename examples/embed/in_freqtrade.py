"""freqtrade: the rules stand behind its own questions: what price, how much, is it confirmed, where is the stop.

python3.12 tasks.py embed in_freqtrade
"""

from freqtrade.strategy import IStrategy, stoploss_from_absolute
from freqtrade_offline import played
from shared import BAR, BARS, EQUITY, INTERVAL, POLICY, STOCK, judge, wishes

from riskcore_openalgo.lab.guest import Guest
from riskcore_openalgo.lab.obedience import HostTrade


class Guarded(IStrategy):
    """The crossing, long only, for freqtrade sells nothing short on a spot market."""

    timeframe, stoploss, minimal_roi, use_custom_stoploss = INTERVAL, -0.5, {}, True
    startup_candle_count = told = 0
    guest, filled = Guest(STOCK, POLICY, equity=EQUITY, interval=INTERVAL), []

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        wanted = wishes()
        dataframe["enter_long"] = [int(wanted(BARS[: n + 1]) == "BUY") for n in range(len(dataframe))]
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def bot_loop_start(self, current_time, **more):
        while self.told < len(BARS) and BARS[self.told].at + BAR <= current_time:
            bar = BARS[self.told]
            self.guest.bar(bar.at, bar.open, bar.high, bar.low, bar.close)
            self.told += 1

    def custom_entry_price(self, pair, trade, current_time, proposed_rate, entry_tag, side, **more):
        order = self.guest.wish("BUY")
        return float(order.limit) if order else proposed_rate

    def custom_stake_amount(self, pair, current_time, current_rate, *stakes, **more):
        return self.guest.order.quantity * current_rate if self.guest.order else 0

    def confirm_trade_entry(self, pair, order_type, amount, rate, *more, **others):
        order, fits = self.guest.order, self.guest.order is not None
        fits = fits and round(amount) == order.quantity and rate <= float(order.limit)
        if not fits:
            self.guest.expired()
        return fits

    def check_entry_timeout(self, pair, trade, order, current_time, **more):
        self.guest.expired()
        return True

    def order_filled(self, pair, trade, order, current_time, **more):
        if order.ft_order_side == "buy":
            self.filled.append(self.guest.order)
            self.guest.entered(order.safe_price, current_time)
        else:
            self.guest.left(order.safe_price, current_time)

    def custom_stoploss(self, pair, trade, current_time, current_rate, *more, **others):
        return stoploss_from_absolute(float(self.guest.stop), current_rate, is_short=False) if self.guest.held else None

    def custom_exit(self, pair, trade, current_time, current_rate, *more, **others):
        over = self.guest.held and (current_rate >= self.guest.held.target or self.guest.must_leave)
        return "target or square-off" if over else None


if __name__ == "__main__":
    results, strategy = played(__file__, "Guarded")
    trades = [
        HostTrade(
            side="BUY", quantity=row.amount, entered_at=row.open_date, entry=row.open_rate,
            stop=order.stop, target=order.target, left_at=row.close_date, exit=row.close_rate,
        )
        for row, order in zip(results.itertuples(), strategy.filled, strict=True)
    ]  # fmt: skip
    judge("freqtrade", trades, strategy.guest.decisions)
