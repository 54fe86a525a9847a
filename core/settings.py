"""Settings, every one from the environment with a default that suits one machine.

README's table lists them; a test holds the two together. While `./micboard up` runs, it leaves the
addresses of its services in the data directory, so that a plain `manage.py` finds them too.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from core import proxies, verdicts

T = TypeVar("T")

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str) -> bool:
    return (os.environ.get(name) or _written.get(name, "0")).lower() in {"1", "true", "yes", "on"}


def _listed(name: str, default: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def _read(name: str, read: Callable[[str], T]) -> T:
    try:
        return read(os.environ.get(name, ""))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from error


DATA_DIR = Path(os.environ.get("MICBOARD_DATA", BASE_DIR / ".micboard")).absolute()


def _left_by_a_run() -> dict[str, str]:
    """Return the variables that a running `./micboard up` left for commands beside it, or nothing."""
    try:
        written: dict[str, str] = json.loads((DATA_DIR / "run" / "services.json").read_text())
    except FileNotFoundError:
        return {}
    return written


_written = _left_by_a_run()
DATABASE_URL = os.environ.get("DATABASE_URL") or _written.get("DATABASE_URL", "postgres:///micboard")
REDIS_URL = os.environ.get("REDIS_URL") or _written.get("REDIS_URL", "redis://127.0.0.1:6379/0")


def _secret_key() -> str:
    """Return the key from the environment, or from its file, which the first start writes."""
    if key := os.environ.get("MICBOARD_SECRET_KEY"):
        return key
    path = Path(os.environ.get("MICBOARD_SECRET_KEY_FILE", DATA_DIR / "secrets" / "secret-key"))
    try:
        return path.read_text().strip()
    except OSError as error:
        message = (
            f"There is no secret key: set MICBOARD_SECRET_KEY, or put one into {path} ({error.strerror}). "
            "`./micboard up` makes it for you."
        )
        raise ImproperlyConfigured(message) from error


DEBUG = _flag("MICBOARD_DEBUG")
SECRET_KEY = _secret_key()
ALLOW_LOOPBACK = _flag("MICBOARD_ALLOW_LOOPBACK")  # receivers and servers on 127.x: the demo and the tests

ALLOWED_HOSTS = _listed("MICBOARD_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _listed("MICBOARD_TRUSTED_ORIGINS", "")
TRUSTED_PROXIES = _read("MICBOARD_TRUSTED_PROXIES", proxies.networks)  # whose X-Forwarded-For is believed

INSTALLED_APPS = [
    "dashboard.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "channels",
    "core",
    "pollers",
    "realtime",
    "dashboard",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.security.ContentSecurityPolicyMiddleware",
]

DEBUG_TOOLBAR = DEBUG
if DEBUG_TOOLBAR:
    # Static files as they are at the moment, collected or not. Otherwise `realtime.files` answers them.
    MIDDLEWARE.insert(1, "whitenoise.middleware.WhiteNoiseMiddleware")
    # Behind what serves static files, which would push the pages out of its memory. Only this machine sees it.
    INSTALLED_APPS.append("debug_toolbar")
    MIDDLEWARE.insert(2, "debug_toolbar.middleware.DebugToolbarMiddleware")
    INTERNAL_IPS = ["127.0.0.1", "::1"]
    DEBUG_TOOLBAR_CONFIG = {"SHOW_COLLAPSED": True}  # it would cover the wall

ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "realtime.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

_database = dj_database_url.parse(DATABASE_URL)
_database_options = _database.get("OPTIONS", {})
# Statements have their own deadlines here because the workers' threads ignore Celery's time limits.
_DATABASE_DEADLINES = (
    "-c lock_timeout=3s -c statement_timeout=10s -c idle_in_transaction_session_timeout=10s -c timezone=UTC"
)
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 0,  # the pool keeps connections; Django refuses both
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_database_options,
            "pool": {
                "min_size": 1,
                "max_size": int(os.environ.get("MICBOARD_DATABASE_POOL", "20")),
                "timeout": 5,
            },
            "options": f"{_database_options.get('options', '')} {_DATABASE_DEADLINES}".strip(),
            "connect_timeout": 3,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "wall"
LOGOUT_REDIRECT_URL = "sign-in"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _flag("MICBOARD_HTTPS")
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("MICBOARD_STATIC", DATA_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "dashboard.staticfiles.HashedModulesStorage"},
}

# Celery: the schedule lives in Postgres and messages are disposable; no result is kept anywhere.
_SOCKET_REDIS = REDIS_URL.startswith("unix://")
CELERY_BROKER_URL = (
    REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    if _SOCKET_REDIS
    else REDIS_URL
)
CELERY_TIMEZONE = "UTC"
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None  # nothing to clean up, so beat adds no entry for it
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_ROUTES = {
    "realtime.deliver_notices": {
        "queue": "default"
    },  # it waits for strangers, and windows must not wait for it
    "realtime.*": {"queue": "realtime"},
}
CELERY_WORKER_POOL = "core.threads:TaskPool"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Without these a half-open connection left a worker deaf for more than two minutes; with them 11 s.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    # A message that dies with its worker is not sent again: its claim's lease is over in seconds, and to keep account
    # of each in the broker costs a worker half of what Celery costs it.
    "ack_emulation": False,
    **({} if _SOCKET_REDIS else {"socket_keepalive": True, "health_check_interval": 5}),
}
CELERY_BEAT_SCHEDULER = "pollers.scheduler:AdaptiveScheduler"

# redis-py's own socket timeout would close every idle socket after 5 s; the health check finds the dead.
_LAYER_HOST: dict[str, object] = {
    "address": REDIS_URL,
    "socket_timeout": None,
    "health_check_interval": 15,
    "max_connections": 500,
}
if not _SOCKET_REDIS:
    _LAYER_HOST |= {"socket_keepalive": True, "socket_connect_timeout": 3}
_LAYERS: dict[str, dict[str, object]] = {
    "pubsub": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [_LAYER_HOST], "prefix": "micboard"},
    },
    # Messages of one channel that nobody read yet, and the seconds after which they are forgotten.
    "core": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {"hosts": [_LAYER_HOST], "prefix": "micboard", "capacity": 1000, "expiry": 300},
    },
}
CHANNEL_LAYER = os.environ.get("MICBOARD_CHANNEL_LAYER", "pubsub")
if CHANNEL_LAYER not in _LAYERS:
    raise ImproperlyConfigured(f"MICBOARD_CHANNEL_LAYER is {' or '.join(_LAYERS)}, not {CHANNEL_LAYER}.")
CHANNEL_LAYERS = {"default": _LAYERS[CHANNEL_LAYER]}


THRESHOLDS = _read("MICBOARD_THRESHOLDS", verdicts.thresholds)
DEADBANDS = _read("MICBOARD_DEADBANDS", verdicts.deadbands)

MAX_POLLS_PER_S = float(os.environ.get("MICBOARD_MAX_POLLS_PER_S", "400"))  # what an edit may ask for

WINDOW_MS = int(os.environ.get("MICBOARD_WINDOW_MS", "1000"))  # how often a window is emitted

FLOWER_PORT = int(os.environ.get("MICBOARD_FLOWER_PORT", "5555"))  # where the health page finds it

# How many connections to the feeds may be open.
SOCKETS = int(os.environ.get("MICBOARD_SOCKETS", "5000"))
SOCKETS_PER_ADDRESS = int(os.environ.get("MICBOARD_SOCKETS_PER_ADDRESS", "200"))
SOCKETS_PER_USER = int(os.environ.get("MICBOARD_SOCKETS_PER_USER", "100"))
SOCKETS_PER_TOKEN = int(os.environ.get("MICBOARD_SOCKETS_PER_TOKEN", "50"))

# How long things are kept.
HISTORY_DAYS = int(os.environ.get("MICBOARD_HISTORY_DAYS", "30"))
HISTORY_BYTES = int(float(os.environ.get("MICBOARD_HISTORY_GB", "20")) * 1e9)
WINDOWS_MINUTES = 10
WINDOWS_BYTES = 256 * 2**20

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "core.logs.PlainFormatter", "format": "%(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": os.environ.get("MICBOARD_LOG_LEVEL", "INFO")},
    "loggers": {
        "daphne.http_protocol": {"level": "WARNING"},
        # Flower asks workers that are not there yet.
        "flower.inspector": {"level": "ERROR"},
        "kombu.mixins": {"level": "WARNING"},
        # A line for each task sent, received and done is Flower's to show.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "urllib3": {"level": "INFO"},  # more would name paths of webhooks, which are secrets
        # What it says of a delivery is kept with the notice, without the secrets of its address.
        "apprise": {"level": "DEBUG", "handlers": ["nowhere"], "propagate": False},
    },
}
