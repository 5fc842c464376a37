"""The demo: one real trading day, 28 February 2020, from bundled bars, with no network beyond loopback."""
