"""The verbs, one module per noun. They take an actor and plain arguments, never a request."""
