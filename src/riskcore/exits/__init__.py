"""Protective levels and the orders that take a position off."""
