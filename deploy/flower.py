"""Flower's sign-in and port, as its own settings and the runner both need them."""

USER = "ops"
PASSWORD = "flower-password"  # noqa: S105 - the name of the file below `secrets`
PORT = 5555
