"""May this entry happen? Each rule is a function of the context and returns one `Finding`."""
