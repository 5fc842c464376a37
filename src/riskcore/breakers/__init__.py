"""May anything be entered now? Circuit breakers: pure measures of the book and of what was observed."""
