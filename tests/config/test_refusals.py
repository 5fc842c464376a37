"""Bad input, one row each: what is written, and exactly what is answered.

The rows of `POLICY` stand under `risk_management:` in line 2 and on, and their answers are given without the
name of the file.
"""

import pytest

from riskcore_openalgo.config import checks

QUOTE_IT = "put the text in double quotes"
ANCHOR = f"anchors and aliases (& and *) are not used here; write the value out, or {QUOTE_IT}"
TAG = f"tags (!) are not used here; delete it, or {QUOTE_IT}"
COLON = f'a ": " where none can be; put a space behind the colon in the line above, align the keys, or {QUOTE_IT}'
BACKSLASH = "a backslash in double quotes has a meaning of its own; use single quotes"
NOT_YAML = "this cannot be read as YAML; compare it with the files that `riskcore init` writes"
CONTROL = "holds a control character; write it without"
BELOW_TOP = "must begin with `risk_management:` and hold its keys indented below it"
KEYS_BELOW = "must hold keys with their values, indented below it"
HERE = "belongs under `risk_management:` in risk_management.yaml, indented"

POLICY = [
    # numbers that YAML 1.1 reads, and a trader does not mean
    ("max_positions: 1e1", "2: max_positions: '1e1' is not a plain decimal number; write 10"),
    ("max_positions: 0x10", "2: max_positions: '0x10' is not a plain decimal number; write 16"),
    ("max_positions: 0o7", "2: max_positions: '0o7' is not a plain decimal number; write 7"),
    ("max_positions: 0b11", "2: max_positions: '0b11' is not a plain decimal number; write 3"),
    ("max_positions: 010", "2: max_positions: '010' is not a plain decimal number; write 10"),
    ("max_positions: 1_000", "2: max_positions: '1_000' is not a plain decimal number; write 1000"),
    ("risk_per_trade: .5", "2: risk_per_trade: '.5' is not a plain decimal number; write 0.5"),
    ("risk_per_trade: 1.", "2: risk_per_trade: '1.' is not a plain decimal number; write 1"),
    ("risk_per_trade: 1 %", "2: risk_per_trade: '1 %' is not a plain decimal number; write 1"),
    ("default_capital: 1,00,000", "2: default_capital: '1,00,000' is not a plain decimal number; write 100000"),
    ("default_capital: 2,5", "2: default_capital: must be a number such as 100000, got '2,5'"),
    ("max_positions: \u0663", r"2: max_positions: '\u0663' is not a plain decimal number; write 3"),
    ("max_positions: 1\u0663", r"2: max_positions: '1\u0663' is not a plain decimal number; write 13"),
    ("max_positions: 1:30", "2: max_positions: must be a whole number such as 3, got '1:30'"),
    ("max_positions: .inf", "2: max_positions: must be a whole number such as 3, got '.inf'"),
    (
        "capital_max: .nan",
        "2: capital_max: must be a number such as 100000, got '.nan'; leave it empty to switch it off",
    ),
    (
        "capital_max: Null",
        "2: capital_max: must be a number such as 100000, got 'Null'; leave it empty to switch it off",
    ),
    ("risk_per_trade: 1e999999", "2: risk_per_trade: must be a number such as 1, got '1e999999'"),
    (
        "default_capital: 12345678901234567890123456789",
        "2: default_capital: has more than 28 digits; write a number such as 100000",
    ),
    # wrong types
    ("max_positions: '3'", "2: max_positions: is text because of the quotes; write 3 without quotes"),
    ('risk_per_trade: "0.5"', "2: risk_per_trade: is text because of the quotes; write 0.5 without quotes"),
    ("max_positions: 2.5", "2: max_positions: must be a whole number, got 2.5"),
    ("max_positions: [3]", "2: max_positions: must be a whole number such as 3, got a list"),
    ("max_positions: {a: 3}", "2: max_positions: must be a whole number such as 3, got a mapping"),
    ("max_positions: true", "2: max_positions: must be a whole number such as 3, got true"),
    ("risk_per_trade: false", "2: risk_per_trade: must be a number such as 1, got false"),
    ("max_positions: three", "2: max_positions: must be a whole number such as 3, got 'three'"),
    ("max_positions:", "2: max_positions: has no value; write a whole number such as 3, or delete the line"),
    ("risk_per_trade: null", "2: risk_per_trade: has no value; write a number such as 1, or delete the line"),
    ("confirm_small: ~", "2: confirm_small: has no value; write true or false, or delete the line"),
    ("confirm_small: yes", "2: confirm_small: must be true or false, got 'yes'; write true or false"),
    ("confirm_small: NO", "2: confirm_small: must be true or false, got 'NO'; write true or false"),
    ("confirm_small: on", "2: confirm_small: must be true or false, got 'on'; write true or false"),
    ("confirm_small: True", "2: confirm_small: must be true or false, got 'True'; write true or false"),
    ("confirm_small: 1", "2: confirm_small: must be true or false, got 1; write true or false"),
    ("confirm_small: 'true'", "2: confirm_small: must be true or false, got 'true'; write true without quotes"),
    ("position_size_basis: [margin]", "2: position_size_basis: must be text such as notional, got a list"),
    ("atr_interval: 5", "2: atr_interval: must be a bar interval such as 1m, 5m or 1h, got 5"),
    ("atr_interval: 99999m", "2: atr_interval: must be a bar interval such as 1m, 5m or 1h, got '99999m'"),
    ("atr_interval: true", "2: atr_interval: must be a bar interval such as 1m, 5m or 1h, got true"),
    ("atr_interval: 0.5", "2: atr_interval: must be a bar interval such as 1m, 5m or 1h, got 0.5"),
    ("atr_interval: \u0665m", r"2: atr_interval: must be written in ASCII letters and digits, got '\u0665m'"),
    ("charges_as_of: 20260803", "2: charges_as_of: must be a day such as 2026-08-03, got 20260803"),
    ("charges_as_of: 2026-02-30", "2: charges_as_of: must be a day such as 2026-08-03, got '2026-02-30'"),
    # values the policy refuses
    ("max_positions: 0", "2: max_positions: must be 1 or more, got 0"),
    ("risk_per_trade: -1.50", "2: risk_per_trade: must be above 0, got -1.50"),
    ("risk_per_trade: 150", "2: risk_per_trade: is in percent and must be at most 100, got 150"),
    (
        "risk_per_trade: 0.01",
        "2: risk_per_trade: 0.01 means 0.01 %: write 1 for 1 %, or set confirm_small: true if it is meant",
    ),
    # contradictions: at the line of the key, or of the other key when the first is a default
    (
        "max_positions: 3\n  risk_per_trade: 4",
        (
            "3: risk_per_trade: 4 is above max_daily_loss 3: one trade may lose more than a whole day; "
            "lower risk_per_trade"
        ),
    ),
    (
        "max_positions: 3\n  max_daily_loss: 0.5",
        (
            "3: risk_per_trade: 1 is above max_daily_loss 0.5: one trade may lose more than a whole day; "
            "lower risk_per_trade (risk_per_trade is not written: this is its default)"
        ),
    ),
    (
        "sizing_method: fixed_notional",
        "2: sizing_method: fixed_notional needs fixed_notional; write that too",
    ),
    (
        "sizing_method: martingale",
        ("2: sizing_method: must be risk, fixed_quantity, fixed_notional, volatility or kelly, got 'martingale'"),
    ),
    (
        "throttle_from_pct: 20",
        "2: throttle_from_pct: 20 must be below throttle_to_pct 20",
    ),
    (
        "min_quantity: 6\n  max_quantity: 5",
        "2: min_quantity: is above max_quantity 5: every entry would be refused",
    ),
    (
        "min_quantity: 6\n  sizing_method: fixed_quantity\n  fixed_quantity: 5",
        "2: min_quantity: is above fixed_quantity 5: no entry would pass",
    ),
    ("kelly_multiplier: 1.5", "2: kelly_multiplier: must be above 0 and at most 1 (half Kelly is 0.5), got 1.5"),
    ("kelly_min_trades: 501", "2: kelly_min_trades: must be at most 500, which is what the book keeps, got 501"),
    ("throttle_least_pct: 101", "2: throttle_least_pct: is in percent and must be at most 100, got 101"),
    # limits of one symbol, strategy or product
    (
        "limits: {scope: symbol}",
        "2: limits: must be a list such as [{scope: symbol, name: INFY, max_quantity: 100}], got a mapping",
    ),
    ("limits: [INFY]", "2: limits[1]: must be keys with their values, indented below it, got 'INFY'"),
    (
        "limits:\n    - {scope: symbol, name: INFY, max_quantity: 5}\n    - {scope: symbol, max_quantity: 5}",
        "4: limits[2].name: is missing; write name: RELIANCE",
    ),
    (
        "limits:\n    - {name: INFY, max_quantity: 0}",
        [
            "3: limits[1].max_quantity: must be 1 or more, got 0",
            "3: limits[1].scope: is missing; write scope: symbol",
        ],
    ),
    (
        "limits:\n    - scope: sector\n      name: IT\n      max_notional: 1,000",
        [
            "3: limits[1].scope: must be symbol, strategy or product, got 'sector'",
            "5: limits[1].max_notional: '1,000' is not a plain decimal number; write 1000",
        ],
    ),
    (
        "limits:\n    - {scope: symbol, name: infy, max_quantity: 5}",
        "3: limits[1]: a limit of a symbol needs its name in capitals such as RELIANCE, got 'infy'",
    ),
    (
        "limits:\n    - {scope: product, name: BO, max_quantity: 5}",
        "3: limits[1]: a limit of a product needs the name MIS or CNC or NRML, got 'BO'",
    ),
    (
        "limits:\n    - {scope: strategy, name: ema}",
        "3: limits[1]: the limit of strategy ema limits nothing: write one of its numbers, or leave it out",
    ),
    (
        "limits:\n    - {scope: strategy, name: ema, risk_per_trade: 2, max_daily_loss: 1}",
        (
            "3: limits[1]: risk_per_trade 2 of strategy ema is above its max_daily_loss 1: "
            "one trade may lose more than its whole day; lower risk_per_trade"
        ),
    ),
    (
        "limits:\n    - {scope: strategy, name: ema, max_exposure: 150}",
        "3: limits[1].max_exposure: is in percent and must be at most 100, got 150",
    ),
    (
        "limits:\n    - {scope: strategy, name: ema, max_exposure: 0.01}",
        (
            "2: limits: max_exposure 0.01 of strategy ema means 0.01 %: write 1 for 1 %, "
            "or set confirm_small: true if it is meant"
        ),
    ),
    (
        (
            "limits:\n    - {scope: strategy, name: ema, max_exposure: 5}"
            "\n    - {scope: strategy, name: ema, max_positions: 5}"
        ),
        "2: limits: must name each only once; put the numbers of strategy ema into one limit",
    ),
    (
        "limits:\n    - {scope: product, name: MIS, max_positions: 1, max_trades: 5}",
        "3: limits[1].max_trades: unknown key; did you mean max_trades_per_day?",
    ),
    # keys
    ("max_postions: 3", "2: max_postions: unknown key; did you mean max_positions?"),
    ("Max-Positions: 3", "2: Max-Positions: unknown key; did you mean max_positions?"),
    ("MAX POSITIONS: 3", "2: MAX POSITIONS: unknown key; did you mean max_positions?"),
    ("colour: red", "2: colour: unknown key; delete it"),
    ("NO: 3", "2: NO: unknown key; delete it"),
    ("square_off_at: 15:10", "2: square_off_at: belongs under `trading_rules:` in trading_rules.yaml, indented"),
    ("max_body_bytes: 80", "2: max_body_bytes: belongs under `system:` `intake:` in system_config.yaml, indented"),
    ("strategies: []", "2: strategies: belongs under `trading_rules:` in trading_rules.yaml, indented"),
    (
        "max_positions: 3\n  risk_per_trade: 1\n  max_positions: 4",
        "4: max_positions: written twice, first in line 2; keep one of them",
    ),
    ("max_positions: 3\n  'max_positions': 3", "3: max_positions: written twice, first in line 2; keep one of them"),
    ("[1, 2]: 3", f"2: risk_management: a key must be one word; {QUOTE_IT}"),
    ("? {a: 1}\n  : 3", f"2: risk_management: a key must be one word; {QUOTE_IT}"),
    # what YAML can do and a configuration does not need
    ("max_positions: &three 3", f"2: max_positions: {ANCHOR}"),
    ("max_positions: *three", f"2: max_positions: {ANCHOR}"),
    ("*three : 3", f"2: risk_management: {ANCHOR}"),
    ("max_positions: !!int 3", f"2: max_positions: {TAG}"),
    ("max_positions: !!python/object/apply:os.getcwd 3", f"2: max_positions: {TAG}"),
    ("max_positions: ! 3", f"2: max_positions: {TAG}"),
    ("max_positions: !x!y 3", f"2: {NOT_YAML}"),
    ("<<: 3", "2: <<: unknown key; delete it"),
    # what cannot be read
    ("max_positions:\t3", "2: a tab; write spaces instead"),
    ("\tmax_positions: 3\n\trisk_per_trade: 1", ["2: a tab; write spaces instead", "3: a tab; write spaces instead"]),
    ('atr_interval: #x"\n    \ty', "3: a tab; write spaces instead"),
    ("max_positions:3", "1: risk_management: " + KEYS_BELOW),
    ("max_positions:3\n  risk_per_trade: 1", f"3: {COLON}"),
    ("max_positions: 3\n   risk_per_trade: 1", f"3: {COLON}"),
    (
        "max_positions: 3\n risk_per_trade: 1",
        "3: indented unlike the lines above; align it with the keys it belongs to",
    ),
    ("max_positions: 3\n  risk_per_trade", "3: a key must be followed by a colon and a space, then its value"),
    ("atr_interval: 'x\n  y", "2: a quote is opened here and never closed; close it"),
    ("atr_interval: 'x\n---\ny'", "2: a quote is opened here and never closed; close it"),
    ("atr_interval: [x\n  y: z", "2: a bracket is opened here and not closed, or a comma is missing in it"),
    ("atr_interval: [", "3: a value is missing here, or a bracket above is not closed"),
    ("atr_interval: {x: y", "2: a bracket is opened here and not closed, or a comma is missing in it"),
    ("atr_interval: @x", f"2: a value cannot begin with this character; {QUOTE_IT}"),
    (r'atr_interval: "C:\data"', f"2: {BACKSLASH}"),
    (r'atr_interval: "\xyz"', f"2: {BACKSLASH}"),
    (r'atr_interval: "\UFFFFFFFF"', f"2: {NOT_YAML}"),
    (r'atr_interval: "\0"', f"2: atr_interval: {CONTROL}"),
    (r'atr_interval: "\uD800"', f"2: atr_interval: {CONTROL}"),
    (r'atr_interval: "\u202E"', f"2: atr_interval: {CONTROL}"),
]

WHOLE_FILES = [
    ("- a", f"1: {BELOW_TOP}"),
    ("\n\n3", f"3: {BELOW_TOP}"),
    ("risk_management: 3", f"1: risk_management: {KEYS_BELOW}"),
    ("# rules\nrisk_management: [a]", f"2: risk_management: {KEYS_BELOW}"),
    ("max_positions: 3\nmax_daily_loss: 3", [f"1: max_positions: {HERE}", f"2: max_daily_loss: {HERE}"]),
    ("risk_management:\nmax_positions: 3", f"2: max_positions: {HERE}"),
    ("risk_managment:\n  max_positions: 3", "1: risk_managment: unknown key; did you mean risk_management?"),
    ("trading_rules:\n  a: 1", "1: trading_rules: belongs into trading_rules.yaml, at the left margin"),
    ("&a risk_management: {}", f"1: {ANCHOR}"),
    (
        "risk_management:\n  max_positions: 3\nrisk_management:\n  max_positions: 9",
        "3: risk_management: written twice, first in line 1; keep one of them",
    ),
    (
        "risk_management:\n---\nrisk_management:\n",
        "2: a second document begins; one file holds one: delete the line `---`",
    ),
    ("%YAML 3.0\n---\n", f"1: {NOT_YAML}"),
    ("%YAML 1." + "1" * 5000 + "\n---\n", f"1: {NOT_YAML}"),
    ("a: 1 # x\u2028b: 1", "1: U+2028 (LINE SEPARATOR) in the file; delete it"),
    ("# a\r\n# b\u202e", "2: U+202E (RIGHT-TO-LEFT OVERRIDE) in the file; delete it"),
    ("# a\n# \ufeff", "2: U+FEFF (ZERO WIDTH NO-BREAK SPACE) in the file; delete it"),
    ("# a\n# \uffff", "2: U+FFFF (a control character) in the file; delete it"),
    (b"# a\n#\0\n", "2: U+0000 (a control character) in the file; delete it"),
    (b"# a\n\n# \xff", "3: not UTF-8 text; save the file as UTF-8"),
    (b"\xef\xbb\xbf# a\n# \xe0\xa4", "2: not UTF-8 text; save the file as UTF-8"),
    ("risk_management: 3".encode("utf-16"), "1: not UTF-8 text; save the file as UTF-8"),
    ("[" * 100_000, "1: nested deeper than 20 levels; no setting is"),
    ("{" * 100_000, "1: nested deeper than 20 levels; no setting is"),
    ("- " * 100_000, "1: nested deeper than 20 levels; no setting is"),
    ("? " * 100_000, "1: nested deeper than 20 levels; no setting is"),
    ("#" * 10_000_000, "1: larger than 1000000 bytes; this is no configuration file"),
    ("#" * 1_000_001, "1: larger than 1000000 bytes; this is no configuration file"),
]

RULES = [
    ("square_off_at: 15.10", 'square_off_at: must be a time of day in IST such as "15:10", got 15.10'),
    ("square_off_at: 9:20", """square_off_at: must be a time of day in IST such as "15:10", got '9:20'"""),
    ("square_off_at: \u0661\u0665:\u0661\u0660", "square_off_at: must be written in ASCII letters and digits"),
    ("allowed_symbols: RELIANCE", "allowed_symbols: must be a list such as [RELIANCE], got 'RELIANCE'"),
    ("allowed_symbols: {a: b}", "allowed_symbols: must be a list such as [RELIANCE, INFY], got a mapping"),
    ("allowed_symbols: [INFY, 5]", "allowed_symbols[2]: must be text, got 5; put it in double quotes if it is meant"),
    ("allowed_symbols: [\u0661]", "allowed_symbols[1]: must be written in ASCII letters and digits"),
    ("allowed_symbols: [~]", "allowed_symbols[1]: must be text, got ~; put it in double quotes if it is meant"),
    ("allowed_symbols: [[INFY]]", "allowed_symbols[1]: must be text, got a list; put it in double quotes"),
    ("allowed_sides:", "allowed_sides: has no value; write a list such as [BUY, SELL], or delete the line"),
    ("max_positions: 3", "max_positions: belongs under `risk_management:` in risk_management.yaml, indented"),
    ("strategies: {a: b}", "strategies: must be a list, got a mapping"),
    ("strategies: [5]", "strategies[1]: must be keys with their values, indented below it, got 5"),
    (
        "strategies: [{name: a, function: b:c}]",
        "strategies[1].symbols: is missing; write symbols: [RELIANCE, INFY]",
    ),
    ("strategies: [{name: a b}]", "strategies[1].name: must be a name of letters, digits, - and _, at most 40"),
    (
        "strategies: [{function: run}]",
        "strategies[1].function: must name a class or function as package.module:name, or be one of ours (ema_cross,",
    ),
    ("strategies: [{symbols: []}]", "strategies[1].symbols: must name one symbol or more, such as [RELIANCE, INFY]"),
    (
        "strategies: [{symbols: [INFY, infy]}]",
        "strategies[1].symbols[2]: must be a symbol in capitals such as RELIANCE or M&M, got 'infy'",
    ),
    ("strategies: [{interval: 1 minute}]", "strategies[1].interval: must be a bar interval such as 1m, 5m or 1h"),
    ("strategies: [{interval: }]", "strategies[1].interval: has no value; write text such as 1m, or delete the line"),
    ("strategies: [{parameters: 5}]", "strategies[1].parameters: must be keys with their values"),
    ("strategies: [{parameters: {a: *b}}]", f"strategies[1].parameters.a: {ANCHOR}"),
    ("strategies: [{speed: 5}]", "strategies[1].speed: unknown key; delete it"),
    (
        "strategies: [{name: a, function: b.c, symbols: [X]}, {name: a, function: b.c, symbols: [X]}]",
        "strategies: two strategies are named a; give each a name of its own",
    ),
]

SYSTEM = [
    ("mode: LIVE", "mode: must be one of paper, live, got 'LIVE'"),
    ("mode: true", "mode: must be one of paper, live, got true"),
    ("mode:", "mode: has no value; write text such as paper, or delete the line"),
    ("journal: ''", "journal: must be the path of a file, got ''"),
    ("journal: /", "journal: must be the path of a file such as journal/riskcore.db, got '/'"),
    ("tables: ''", "tables: must be a path; for none leave the value empty, without quotes"),
    ("journal: 5", "journal: must be the path of a file, got 5"),
    ("journal: sqlite:///x.db", "journal: must be the path of a file, got 'sqlite:///x.db'"),
    ("intake: {port: 0}", "intake.port: must be a whole number from 1 to 65535, got 0"),
    ("intake: {port: 65536}", "intake.port: must be a whole number from 1 to 65535, got 65536"),
    ("intake: {port: '80'}", "intake.port: is text because of the quotes; write 80 without quotes"),
    ("intake: {host: http://x}", "intake.host: must be an address of this machine such as 127.0.0.1, got 'http://x'"),
    ("intake: {max_body_bytes: 1e6}", "intake.max_body_bytes: '1e6' is not a plain decimal number; write 1000000"),
    ("intake: 8780", "intake: must be keys with their values, indented below it, got 8780"),
    ("intake: {prot: 1}", "intake.prot: unknown key; did you mean port?"),
    ("instruments: [INFY]", "instruments: must be keys with their values, indented below it, got a list"),
    (
        "instruments: {infy: {tick: 1}}",
        "instruments.infy: must be a symbol in capitals such as RELIANCE or M&M, got 'infy'",
    ),
    ("instruments: {INFY: {tick: 0}}", "instruments.INFY.tick: must be above 0, got 0"),
    ("instruments: {INFY: {lot_size: 1.5}}", "instruments.INFY.lot_size: must be a whole number, got 1.5"),
    ("instruments: {INFY: {sector: 5}}", "instruments.INFY.sector: must be text, got 5"),
    ("instruments: {INFY: {sector: ' '}}", "instruments.INFY.sector: must be text, got ' '"),
    ("instruments: {INFY: {lotsize: 5}}", "instruments.INFY.lotsize: unknown key; did you mean lot_size?"),
    ("instruments: {M&M: {kind: a}}", "instruments.M&M.kind: must be one of stock, etf, etf_without_stt, got 'a'"),
    (
        "instruments: {INFY: {derivatives_listed: no}}",
        "instruments.INFY.derivatives_listed: must be true or false, got 'no'; write true or false",
    ),
]


@pytest.mark.parametrize(("text", "answer"), POLICY)
def test_a_wrong_policy_is_refused(refused, text, answer):
    """Each with its line, what is wrong, and what to write."""
    answers = [answer] if isinstance(answer, str) else answer
    assert refused(risk_management=f"risk_management:\n  {text}\n") == [f"risk_management.yaml:{a}" for a in answers]


@pytest.mark.parametrize(("text", "answer"), WHOLE_FILES, ids=range(len(WHOLE_FILES)))
def test_a_file_that_is_no_configuration_is_refused(refused, text, answer):
    """Whatever it is: the line, and what to do about it."""
    answers = [answer] if isinstance(answer, str) else answer
    assert refused(risk_management=text) == [f"risk_management.yaml:{a}" for a in answers]


@pytest.mark.parametrize(("text", "answer"), RULES)
def test_wrong_trading_rules_are_refused(refused, text, answer):
    """Lists name the item; answers may go on behind what the row says."""
    lines = refused(trading_rules=f"trading_rules:\n  {text}\n")
    assert any(line.startswith(f"trading_rules.yaml:2: {answer}") for line in lines), lines


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('alerting: {quiet_from: "22:00+05:30", quiet_until: "06:00"}', "quiet_from"),
        ('alerting: {summary_at: "15:45Z"}', "summary_at"),
        ('alerting: {login_times: ["08:45", "09:00+05:30"]}', "login_times"),
    ],
)
def test_a_clock_time_with_a_zone_is_refused(refused, text, key):
    """It was taken, and ended every thread of alerts at its first look at the clock."""
    lines = refused(system_config=f"system:\n  {text}\n")
    assert any(key in line and "without a zone" in line for line in lines), lines


@pytest.mark.parametrize("address", ["http://127.0.0.1:80x/", "http://:80/", "http://a b/", "ftp://a/", "https://"])
def test_a_heartbeat_goes_to_an_address_that_can_be_called(address):
    with pytest.raises(ValueError, match=r"must be an address such as https://heartbeat\.example"):
        checks.beat(address)


@pytest.mark.parametrize("address", ["https://hc.example/id?x=1", "http://u:p@h.example:8080", "http://[::1]:80/id"])
def test_any_usual_address_is_one(address):
    assert checks.beat(address) == address


@pytest.mark.parametrize(("text", "answer"), SYSTEM)
def test_a_wrong_system_is_refused(refused, text, answer):
    """Nested keys are named with the keys above them."""
    [line] = refused(system_config=f"system:\n  {text}\n")
    assert line == f"system_config.yaml:2: {answer}"
