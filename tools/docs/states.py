"""The page of the trading states and the circuit breakers."""

from __future__ import annotations

from typing import Final

from riskcore import states
from riskcore.breakers.table import BREAKERS
from riskcore.policy.breakers import DEFAULTS
from tools.docs.pages import NOTE, table

STATES_ABOUT: Final = """\
The state of an account is the gravest that any of its latches sets; a latch with an instrument (`Latch.key`) stops the
entries of that one alone. Every change is a fact, `Latched` or `Lifted`, with who, when and why. **An exit passes in
every state.** While a login is waited for, exits and cancels are intended, and go when it is good. When a latch is
set, the entries that still work and that it stops are cancelled. A `rearm` is a milder latch lifted by hand."""
STALE_WORDS: Final = "seconds of open market without a price of a held symbol; stops the entries of that symbol"
BREAKERS_ABOUT: Final = """\
Each is off until its limit is set, but the daily loss. It trips when what it measures reaches the limit (at the limit
is tripped), is asked before and after every input, and is latched once. `breakers` in the policy overrides a row:

```yaml
risk_management:
  breakers:
    - name: max_loss_streak
      state: halted
      resets: after_s
      after_s: 1800
```"""
RESETS_ABOUT: Final = """\
- `next_session`: lifted by the first input of a later session date. `after_s`: by the first input that many seconds
  after the trip. A breaker that is then still at its limit trips again at once.
- `operator`: by hand, by name. A breaker lifted at its limit is excused: it trips again once it has measured below the
  limit (`Rearmed`), or in the next session. Streaks and errors are counted anew from each lift.
- `condition`: by itself, once it measures below its limit, and not by hand.

A script without an engine has no latches, and asks the same limits of its book. There a streak that was at its limit
when its session ended counts nothing in the next ones, until a trade is lost there too: then all of it counts.

A gain, a restart or a recovery lifts nothing that does not reset by `condition`. `Approaching` tells once a session
when `approaching_pct` of a limit are in use (daily, weekly and monthly loss, drawdown, trades, positions, open risk),
and again only after `Receded`: when use fell below nine tenths of that level.

A lost connection (`ConnectionSeen`) goes through stages by the timers of its mode, each told by `ConnectionStaged`:
lost, degraded after `degraded_s`, no entries after `no_entries_s`, and after `action_s` the positions are held, or
left by ordinary exits with the reason `connection_lost`.

Not latched, but asked of every entry: the order rate of the second (`max_orders_per_s`; `order_tokens_for_exits` of
it are kept for exits and cancels), the spread, price bands, the distance from the previous close, an unusual move
and the age of the last trade. What such a rule needs and was not seen refuses the entry by name."""
HAND_ABOUT: Final = """\
`OperatorHalted` sets `operator_reducing`, `operator_halted` (a pause) or `operator_locked`; `OperatorResumed` lifts
those, or the latch it names (`report_contradicts`, a breaker). `LoginSeen` sets and lifts `login`. What is not done is
the fact `ControlRefused`, with the first reason that applies:"""


def trading_states() -> str:
    """The page of the trading states: what each allows, what sets it, what ends it."""
    acts = ("state", *states.ACTS, "ended by")
    allowed = (
        (state, *("yes" if act in states.MATRIX[state] else "-" for act in states.ACTS), states.LIFTED_BY[state])
        for state in states.SEVERITY
    )
    words = {breaker.name: breaker.words for breaker in BREAKERS} | {"stale_after_s": STALE_WORDS}
    trips = ((f"`{row.name}`", words[row.name], row.state, row.resets) for row in DEFAULTS)
    refusals = ((f"`{code}`", why) for code, why in states.CONTROL_REFUSALS.items())
    lines = [NOTE, "", "# Trading states and circuit breakers", "", STATES_ABOUT, "", *table(acts, allowed)]
    lines += ["", "## Breakers that latch", "", BREAKERS_ABOUT, ""]
    lines += table(("key of its limit", "what it measures", "state", "resets"), trips)
    lines += ["", RESETS_ABOUT, "", "## By hand", "", HAND_ABOUT, "", *table(("refusal", "why"), refusals)]
    return "\n".join(lines) + "\n"
