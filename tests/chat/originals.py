"""What the tests of originals in messages share."""

from chat.conversation.message_masks import Messages, holder_of
from chat.masking import vault
from chat.models import Chat, Mask


def seal_in(chat: Chat, seq: int, span: tuple[int, int], original: str) -> bytes:
    """As a mask over ``span`` of that message keeps it."""
    start, end = span
    return vault.seal_all(holder_of(chat), [(f"{seq}:{start}:{end}", original)])[0]


def original_under(mask: Mask) -> str:
    """Needs the mask with its message and chat. Raises ``vault.Gone``."""
    hidden = Messages.around(mask).hidden_by(mask)
    return vault.unseal(hidden.holder, hidden.spot, hidden.sealed)
