"""The outbox: whatever leaves by mail is a row written in the act's own transaction, and delivered by the worker."""

from agents.outbox.posting import Outgoing, post

__all__ = ["Outgoing", "post"]
