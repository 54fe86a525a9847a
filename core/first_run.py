"""What a new installation needs so that somebody can sign in: an admin, and a token to read the feed with."""

import os
import secrets
from pathlib import Path

from django.contrib.auth.models import User

from core.access import create_token, principal_of_token
from core.secret_files import read_secret, secret_file, write_secret

ADMIN = "admin"


def ensure_admin() -> Path | None:
    """Make the admin where no superuser is there; return the file of the password where one was generated.

    `MICBOARD_ADMIN_PASSWORD`, when set, is the admin's password from now on.
    """
    given = os.environ.get("MICBOARD_ADMIN_PASSWORD")
    file = secret_file("admin-password")
    admin = User.objects.filter(username=ADMIN).first()
    if given:
        if admin is None:
            User.objects.create_superuser(ADMIN, password=given)
        elif not admin.check_password(given):
            admin.set_password(given)
            admin.save(update_fields=["password"])
        file.unlink(missing_ok=True)  # it would tell a password that no longer holds
        return None
    if admin is None and not User.objects.filter(is_superuser=True).exists():
        password = secrets.token_urlsafe(12)
        write_secret(file, password)
        User.objects.create_superuser(ADMIN, password=password)
    return file if file.exists() else None


def ensure_feed_token() -> Path:
    """Return the file of a token that reads the feed; where it no longer opens anything there is a new one."""
    file = secret_file("feed-token")
    secret = read_secret(file)
    if secret is None or principal_of_token(secret) is None:
        _, secret = create_token("first steps (made at the first start)")
        write_secret(file, secret)
    return file
