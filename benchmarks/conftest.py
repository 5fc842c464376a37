"""What `tasks.py bench` leaves to `tasks.py peers`: it needs a library that only the peers' environment has."""

collect_ignore = ["nautilus.py", "bench_peers.py", "peers"]
