"""The worker does, once a second, everything that is due by the clock. Several workers at once are harmless."""

import logging
import threading

from django.db import DatabaseError, close_old_connections

from chat.abuse import networks
from chat.lifecycle import silence, upkeep
from chat.masking import destroying
from chat.routing import decisions, presence, queue_limits

log = logging.getLogger(__name__)

TICK_S = 1.0
SWEEP_EVERY = 600  # ticks


def run(stop: threading.Event) -> None:
    """Ticks until ``stop`` is set. A failing tick is logged and tried again: a restart of the database is survived."""
    count = 0
    while not stop.wait(TICK_S):
        tick(count)
        count += 1


def tick(count: int = 0) -> None:
    close_old_connections()
    try:
        upkeep.reconcile()
        # Afterwards: a chat that was taken from an agent has found the next one by now, or waits.
        queue_limits.offer_inquiries()
        silence.break_silences()
        if count % SWEEP_EVERY == 0:
            presence.drop_expired_leases()
            decisions.drop_old_rounds()
            networks.forget_old()
            destroying.destroy_expired()
    except DatabaseError as error:
        log.warning("tick failed: %s", type(error).__name__)
    except Exception:
        log.exception("tick failed")
    finally:
        close_old_connections()
