"""What comes in over HTTP: `alerts` reads an alert, `intake` receives it (and needs the extra `runner`)."""
