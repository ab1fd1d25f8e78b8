"""Reports errors to Sentry if ``SENTRY_DSN`` is set, and nothing of what anybody wrote.

A report is built anew from what our logs say of an error: types, files, lines and functions, the pattern of the
address, and the ids of request, service, chat and agent. All else that Sentry's client gathers is thrown away: bodies,
variables, statements, headers, cookies, users, addresses, names of machines. Without ``SENTRY_DSN`` it is not imported.
"""

import logging
from typing import Any

from contiple.base import log_ids

# Parts of an event that hold nothing but the program's own.
KEPT = ("event_id", "timestamp", "level", "platform", "logger", "sdk", "release", "environment", "type")
KEPT_OF_FRAMES = ("filename", "module", "function", "lineno", "in_app")


def begin(dsn: str) -> None:
    """Raises ``ImportError`` if the extra `sentry` is not installed."""
    import sentry_sdk
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=None,
        auto_session_tracking=False,
        send_client_reports=False,
        server_name="",
        # Only what is logged as an error: no integration that looks into requests, statements or templates.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
        before_send=without_text,
        before_send_transaction=lambda *_given: None,
    )


def without_text(event: Any, hint: dict[str, Any]) -> Any:
    """Returns what may be sent of an event. Called in the thread of the error."""
    from contiple.logs import message_of

    record = hint.get("log_record")
    sent = {name: event[name] for name in KEPT if name in event}
    sent["message"] = message_of(record) if record is not None else ""
    sent["tags"] = {name: str(value) for name, value in log_ids.current().items() if value is not None}
    values = (event.get("exception") or {}).get("values") or []
    sent["exception"] = {"values": [_error(value) for value in values]}
    return sent


def _error(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    kept = [{name: frame[name] for name in KEPT_OF_FRAMES if name in frame} for frame in frames]
    return {"type": value.get("type"), "module": value.get("module"), "stacktrace": {"frames": kept}}
