"""One channel's page: how it is, how it was, and what happened to it, from the change records."""
