"""What strikes a simulated day, by what is struck: calls, broker and market, feed, machine, and the hand beside us."""
