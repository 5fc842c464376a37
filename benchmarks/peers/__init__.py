"""Each backtester as the comparison runs it: one file a peer, run in the peer's own environment."""
