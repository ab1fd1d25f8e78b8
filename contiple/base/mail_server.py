"""The settings by which Django reaches the mail server of ``EMAIL_URL``."""

from urllib.parse import SplitResult, unquote


def settings_of(url: SplitResult) -> dict[str, object]:
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname or "",
        "EMAIL_PORT": url.port or 587,
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_TLS": url.scheme == "smtp" and (url.port or 587) == 587,
        "EMAIL_USE_SSL": url.scheme == "smtps",
    }
