"""riskcore_openalgo: the thin shell around `riskcore` - journal, runner, intake, gateways, command line.

It holds no trading rule. Importing this package imports nothing heavy; its rooms say what to install when an
extra is missing.
"""
