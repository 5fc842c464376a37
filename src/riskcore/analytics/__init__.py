"""Performance of finished trades and of the equity curve: one family of measures a file.

Every measure is a pure function in Decimal with its formula in its docstring; what is undefined is None, never 0.
"""
