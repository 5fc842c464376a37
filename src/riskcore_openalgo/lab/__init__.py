"""The laboratory: strategies and studies over bars; importable without the OpenAlgo SDK."""
