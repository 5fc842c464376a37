"""Simulated days: the live runner against a simulated broker, network, stream and journal, all under one seed."""
