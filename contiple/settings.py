"""Django's settings. Everything that differs between installations comes from ``contiple.base.env``."""

from datetime import timedelta
from importlib.util import find_spec
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from contiple import bounds
from contiple.base import deadlines, env, file_storage, mail_server, pools
from contiple.local import local_secrets

BASE_DIR = env.BASE_DIR
pools.recover_at_once()
POOL = {"min_size": 1, "max_size": 20, "timeout": 5, "connection_class": deadlines.Connection}


def _database(parts: SplitResult) -> dict:
    """Uses PostgreSQL through a pool: under ASGI each request has its own thread, which would connect anew."""
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "contiple",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or "") or env.text("DATABASE_PASSWORD", ""),
        "HOST": query.pop("host", "") or parts.hostname or "",
        "PORT": str(parts.port or ""),
        # A connection that the server's restart has ended is replaced when it is taken from the pool.
        "CONN_HEALTH_CHECKS": True,
        # Prepared statements are for `contiple.base.prepared`. Django's own statements are never prepared.
        "OPTIONS": {"pool": POOL, "prepare_threshold": 5, **deadlines.CONNECTING, **query},
    }


try:
    LOCAL = env.local()
    if LOCAL:
        local_secrets.load(env.data_folder())
    SECRET_KEY = env.secret("SECRET_KEY", length=50)
    DATABASES = {"default": _database(env.required_url("DATABASE_URL", {"postgresql", "postgres"}))}
    PUBLIC_ORIGIN = env.origin("PUBLIC_ORIGIN", f"http://localhost:{env.integer('PORT', 8000)}" if LOCAL else None)
    REDIS_URL = env.text("REDIS_URL", "")
    MASKING_KEYS = env.master_keys("MASKING_KEYS")
    MASKING_KEYS_LOST = env.lost_keys("MASKING_KEYS_LOST", at_hand=MASKING_KEYS)
    FILES_URL = env.files_url()
    CLAMD_URL = env.clamd_url()
    EMAIL_URL = env.url("EMAIL_URL", {"smtp", "smtps"}, "")
    IMAP_URL = env.url("IMAP_URL", {"imap", "imaps"}, "")
    INBOUND_WEBHOOK, INBOUND_WEBHOOK_SECRET, _webhook_key = env.webhook()
    DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "Contiple <no-reply@localhost>")
    LOG_LEVEL = env.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR", "CRITICAL"))
    LOG_FORMAT = env.choice("LOG_FORMAT", ("TEXT", "JSON") if LOCAL else ("JSON", "TEXT"))
    SESSION_IDLE = timedelta(hours=env.positive("SESSION_IDLE_HOURS", 12))
    SESSION_COOKIE_AGE = env.positive("SESSION_MAX_DAYS", 14) * 24 * 3600
    SENTRY_DSN = env.text("SENTRY_DSN", "")
    OTEL_EXPORTER_OTLP_ENDPOINT = env.url("OTEL_EXPORTER_OTLP_ENDPOINT", {"http", "https"}, "")
    OTEL_EXPORTER_OTLP_HEADERS = env.headers("OTEL_EXPORTER_OTLP_HEADERS")
    OTEL_SERVICE_NAME = env.text("OTEL_SERVICE_NAME", "contiple")
    TRACED_SHARE = env.traced_share()
    ACCESS_LOG = env.flag("ACCESS_LOG")
    ROUTING_LOG_KEPT = env.kept("ROUTING_LOG_DAYS", 90)
    SENT_MAILS_KEPT = env.kept("SENT_MAIL_DAYS", 30)
    RECEIVED_MAILS_KEPT = env.kept("RECEIVED_MAIL_DAYS", 90)
    ACCOUNT_ENTRIES_KEPT = env.kept("ACCOUNT_ENTRIES_DAYS", 730)
    # Permissions are in the trail: 개인정보의 안전성 확보조치 기준 제5조 asks for 3 years, 제8조 for 2 years of looks.
    TRAIL_KEPT = env.kept("TRAIL_DAYS", at_least=1095)
    UNMASK_RECORD_KEPT = env.kept("UNMASK_RECORD_DAYS", at_least=730)
    METRICS_TOKEN = env.token("METRICS_TOKEN", length=16)
    OPERATOR_SECOND_FACTOR = env.flag("OPERATOR_SECOND_FACTOR", default=not LOCAL)
    TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
    TRUST_PROXY = env.flag("TRUST_PROXY") or bool(TRUSTED_PROXIES)
    CLIENT_ADDRESS_HEADER = env.header("CLIENT_ADDRESS_HEADER")
    if CLIENT_ADDRESS_HEADER and not TRUSTED_PROXIES:
        raise env.EnvError("CLIENT_ADDRESS_HEADER is believed from TRUSTED_PROXIES only: set both.")
    if PUBLIC_ORIGIN.startswith("https:") and not TRUST_PROXY:
        # This process serves plain HTTP: without the proxy's header it would redirect every request to https, for ever.
        raise env.EnvError("PUBLIC_ORIGIN is https, so a proxy ends TLS: set TRUST_PROXY=1 and let it set headers.")
except env.EnvError as error:
    raise ImproperlyConfigured(str(error)) from None

DEBUG = False
_public = urlsplit(PUBLIC_ORIGIN)
SECURE = _public.scheme == "https"
# The exact values of Origin with which a browser may open a socket.
SOCKET_ORIGINS = [PUBLIC_ORIGIN]
ALLOWED_HOSTS = [_public.hostname]
if LOCAL:
    SOCKET_ORIGINS += [f"http://{host}:{env.integer('PORT', 8000)}" for host in ("127.0.0.1", "localhost")]
    ALLOWED_HOSTS += ["localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_ORIGIN]

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "csp",
    "django_htmx",
    "contiple",
    "agents",
    "helpcenter",
    "chat",
    "tickets",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "agents.devices.device_cookie",
    "agents.sessions.sessions_are_seen",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "contiple.failures.forms_addresses_lead_to_pages",
    "contiple.middleware.private_pages_are_not_stored",
    "contiple.middleware.DomainErrorsBecomeAnswers",
]
ROOT_URLCONF = "contiple.urls"
CSRF_FAILURE_VIEW = "contiple.failures.csrf_failure"
ASGI_APPLICATION = "contiple.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "builtins": ["contiple.templatetags.parts"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                ),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "contiple.context.desk",
                "agents.theme.theme",
            ],
        },
    }
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "agents.User"
LOGIN_URL = "agents:sign_in"
LOGIN_REDIRECT_URL = "agents:start"
LOGOUT_REDIRECT_URL = "agents:sign_in"
PASSWORD_HASHERS = ["contiple.base.heavy.PooledHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "agents.passwords.EasyPasswordValidator"},
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ko", "한국어")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = env.data_folder() / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = ["contiple.joined.JoinedFinder", *global_settings.STATICFILES_FINDERS]
STORAGES = {
    "files": file_storage.storage_of(FILES_URL),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if LOCAL else "contiple.static.HashedStorage"
    },
}
# Local mode serves the files from the source tree, so nothing has to be collected first.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = LOCAL
WHITENOISE_ALLOW_ALL_ORIGINS = False  # other sites show the chat in a frame, whose origin is ours
WHITENOISE_MIMETYPES = {".svg": "image/svg+xml; charset=utf-8"}

CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
if SECURE:
    # Browsers take cookies of these names from this very host only, over https: no subdomain can set them.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, MEMBER_COOKIE_PREFIX = "__Host-session", "__Host-csrf", "__Host-member-"
    LANGUAGE_COOKIE_NAME, DEVICE_COOKIE_NAME = "__Host-language", "__Host-devices"
    THEME_COOKIE_NAME = "__Host-theme"
else:
    DEVICE_COOKIE_NAME, MEMBER_COOKIE_PREFIX, THEME_COOKIE_NAME = "devices", "member-", "theme"
SESSION_ENGINE = "agents.sessions"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # Django's own cookie has no `__Host-`
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
# HSTS for subdomains and preloading: we can't promise browsers anything about other names of the operator's domain.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
X_FRAME_OPTIONS = "DENY"
_socket_sources = [origin.replace("http", "ws", 1) for origin in SOCKET_ORIGINS]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *_socket_sources],
        "media-src": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# The server applies the limit of each address, files included, before Django sees a body.
DATA_UPLOAD_MAX_MEMORY_SIZE = bounds.LARGEST_BYTES if INBOUND_WEBHOOK == "NONE" else bounds.POSTED_MAIL_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 600  # in a flood an admin ends 500 chats at once
DATA_UPLOAD_MAX_NUMBER_FILES = 0  # no form takes files: one is sent as a body of its own

# Links in mails are secrets: without a mail server they may be printed to one's own terminal, but not to a log.
EMAIL_BACKEND = f"django.core.mail.backends.{'console' if LOCAL else 'dummy'}.EmailBackend"
EMAIL_TIMEOUT = 10  # seconds to wait for the mail server at each step; Django's default is for ever
if EMAIL_URL:
    globals().update(mail_server.settings_of(EMAIL_URL))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Both leave out the text of exceptions and rows: see `contiple.logs`.
    "formatters": {"text": {"()": "contiple.logs.LineFormatter"}, "json": {"()": "contiple.logs.JsonFormatter"}},
    "filters": {"bursts": {"()": "contiple.log_bursts.OneLineForABurst"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT.lower(), "filters": ["bursts"]},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "asyncio": {"level": "WARNING"},
        "contiple.access": {"level": "INFO"},  # whatever LOG_LEVEL says: it has a variable of its own
        "fido2": {"level": "WARNING"},  # lower levels log the ids of passkeys
        "psycopg": {"level": "WARNING"},  # lower levels log statements with their parameters
    },
}

if SENTRY_DSN:
    from contiple import reports

    try:
        reports.begin(SENTRY_DSN)
    except ImportError:
        raise ImproperlyConfigured("SENTRY_DSN needs the package sentry-sdk, which is not installed.") from None

if FILES_URL.scheme == "s3" and find_spec("storages") is None:
    raise ImproperlyConfigured("FILES_URL needs the package django-storages[s3], which is not installed.")

if OTEL_EXPORTER_OTLP_ENDPOINT:
    from contiple import traces

    try:
        traces.check_installed()
    except ImportError:
        missing = "opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http, which are not installed"
        raise ImproperlyConfigured(f"OTEL_EXPORTER_OTLP_ENDPOINT needs the packages {missing}.") from None

if INBOUND_WEBHOOK != "NONE":
    ANYMAIL = {"WEBHOOK_SECRET": INBOUND_WEBHOOK_SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": _webhook_key}
    if find_spec("anymail") is None:
        raise ImproperlyConfigured("INBOUND_WEBHOOK needs the package django-anymail, which is not installed.")
