"""Gateways: where approved orders go."""
