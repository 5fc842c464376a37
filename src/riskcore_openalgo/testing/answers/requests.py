"""The fields of every call, in the order in which OpenAlgo complains about them."""

from __future__ import annotations

from typing import Final

from riskcore_openalgo.testing.answers import schema as s
from riskcore_openalgo.testing.answers.schema import Field, Schema

KEY: Final = {"apikey": Field(s.key)}
STRATEGY: Final = {"strategy": Field(s.text)}
SYMBOL: Final = {"symbol": Field(s.text), "exchange": Field(s.choice(*s.EXCHANGES))}
ACTION: Final = s.choice("BUY", "SELL", "buy", "sell")
PRICETYPE: Final = s.choice("MARKET", "LIMIT", "SL", "SL-M")
PRODUCT: Final = s.choice("MIS", "NRML", "CNC")

PRICES: Final = {
    "price": Field(s.price, required=False, default=0.0),
    "trigger_price": Field(s.trigger, required=False, default=0.0),
    "disclosed_quantity": Field(s.any_quantity, required=False, default=0),
    "underlying_ltp": Field(s.number, required=False),
}
TYPES: Final = {
    "pricetype": Field(PRICETYPE, required=False, default="MARKET"),
    "product": Field(PRODUCT, required=False, default="MIS"),
}
ONE_ORDER: Final = {**SYMBOL, "action": Field(ACTION), "quantity": Field(s.quantity), **TYPES, **PRICES}

ACCOUNT: Final = Schema(KEY)
PLACE: Final = Schema({**KEY, **STRATEGY, **ONE_ORDER})
SMART: Final = Schema(
    {
        **KEY,
        **STRATEGY,
        **ONE_ORDER,
        "quantity": Field(s.any_quantity),
        "position_size": Field(s.number),
    }
)
SPLIT: Final = Schema({**KEY, **STRATEGY, **ONE_ORDER, "splitsize": Field(s.quantity)})
BASKET: Final = Schema({**KEY, **STRATEGY, "orders": Field(s.rows(Schema(ONE_ORDER)))})
MODIFY: Final = Schema(
    {
        **KEY,
        **STRATEGY,
        "symbol": Field(s.text),
        "exchange": Field(s.choice(*s.EXCHANGES)),
        "orderid": Field(s.text),
        "action": Field(ACTION),
        "product": Field(PRODUCT),
        "pricetype": Field(PRICETYPE),
        "price": Field(s.price),
        "quantity": Field(s.quantity),
        "disclosed_quantity": Field(s.any_quantity),
        "trigger_price": Field(s.trigger),
    }
)
ORDER: Final = Schema({**KEY, **STRATEGY, "orderid": Field(s.text)})
ALL: Final = Schema({**KEY, **STRATEGY})
OPEN_POSITION: Final = Schema(
    {**KEY, **STRATEGY, "symbol": Field(s.text), "exchange": Field(s.text), "product": Field(PRODUCT)}
)


def _gtt_product(value: object) -> str:
    if value == "MIS":
        raise s.Wrong("GTT supports only CNC (delivery) or NRML (overnight F&O); MIS is intraday-only.")
    return str(PRODUCT(value))


GTT_FIELDS: Final = {
    **KEY,
    **STRATEGY,
    "trigger_type": Field(s.choice("SINGLE", "OCO")),
    "exchange": Field(s.choice(*s.EXCHANGES)),
    "symbol": Field(s.text),
    "action": Field(ACTION),
    "product": Field(_gtt_product),
    "quantity": Field(s.quantity),
    "pricetype": Field(s.choice("LIMIT", "MARKET"), required=False, default="LIMIT"),
    "price": Field(s.price),
    "triggerprice_sl": Field(s.trigger, required=False, default=0.0),
    "triggerprice_tg": Field(s.trigger, required=False, default=0.0),
    "stoploss": Field(s.price, required=False, default=0.0, nullable=True),
    "target": Field(s.price, required=False, default=0.0, nullable=True),
}
PLACE_GTT: Final = Schema(GTT_FIELDS, open_ended=True)
MODIFY_GTT: Final = Schema({**GTT_FIELDS, "trigger_id": Field(s.text)}, open_ended=True)
CANCEL_GTT: Final = Schema({**KEY, **STRATEGY, "trigger_id": Field(s.text)})

QUOTE: Final = Schema({**KEY, **SYMBOL})
MULTIQUOTE: Final = Schema(
    {**KEY, "symbols": Field(s.rows(Schema(SYMBOL), least=1, words="Shorter than minimum length 1."))}
)
HISTORY: Final = Schema(
    {
        **KEY,
        **SYMBOL,
        "interval": Field(s.choice(*s.INTERVALS)),
        "start_date": Field(s.day),
        "end_date": Field(s.day),
        "source": Field(s.choice("api", "db"), required=False, default="api"),
    }
)
SEARCH: Final = Schema({**KEY, "query": Field(s.text), "exchange": Field(s.choice(*s.EXCHANGES), required=False)})
EXPIRY: Final = Schema({**KEY, **SYMBOL, "instrumenttype": Field(s.choice("futures", "options"))})
HOLIDAYS: Final = Schema({**KEY, "year": Field(s.whole, required=False)})
TIMINGS: Final = Schema({**KEY, "date": Field(s.text)})
TOGGLE: Final = Schema({**KEY, "mode": Field(s.boolean)})
MARGIN: Final = Schema(
    {
        **KEY,
        "positions": Field(
            s.rows(
                Schema(
                    {
                        "symbol": Field(s.text),
                        "exchange": Field(s.choice(*s.EXCHANGES)),
                        "action": Field(ACTION),
                        "quantity": Field(s.text),
                        "product": Field(PRODUCT),
                        "pricetype": Field(PRICETYPE),
                        "price": Field(s.text, required=False, default="0"),
                        "trigger_price": Field(s.text, required=False, default="0"),
                    }
                ),
                least=1,
                most=50,
                words="Positions must contain 1 to 50 items.",
            )
        ),
    }
)
TELEGRAM: Final = Schema(
    {
        **KEY,
        "username": Field(s.text),
        "message": Field(s.text),
        "priority": Field(s.whole, required=False, default=5),
    }
)
