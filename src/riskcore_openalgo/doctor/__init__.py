"""What `riskcore doctor` looks at. Each check says what it found and, where that is not well, what to do."""
