"""What comes in over HTTP: strangers' alerts (`intake` takes them, `alerts` reads them), and the page of `control/`."""
