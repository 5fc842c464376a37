"""The control page: what an account does, and the operator's hands, in a browser or on a phone."""
