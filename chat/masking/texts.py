"""The interface between the engine and a kind of text: it says where the text lives.

A new kind of text is a subclass of ``Texts``, a model of its masks, and a ``HolderKind``.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Self

from agents.models import Agent
from chat.masking.holders import Holder
from chat.masking.looks import Hidden
from chat.masking.models import MaskedSpan


class Texts(ABC):
    """The texts of one holder, all sealed under its data key: a chat's messages, for example.

    A text is a row with ``body`` (masked), ``rev`` and ``offers``, and its masks are its ``masks``.
    """

    mask_model: ClassVar[type[MaskedSpan]]
    text_field: ClassVar[str]  # the mask model's foreign key to its text

    def __init__(self, holder: Holder) -> None:
        self.holder = holder

    @classmethod
    @abstractmethod
    def mask_for(cls, agent: Agent, mask_id: int) -> Any:
        """Returns the mask with its text and holder. Raises ``Http404`` for one outside the agent's service."""

    @classmethod
    @abstractmethod
    def around(cls, mask: Any) -> Self:
        """Returns the texts among which the mask is."""

    @abstractmethod
    def lock(self) -> None:
        """Locks the holder's row to the end of the transaction. What ``save`` needs of it is read again."""

    def lock_to_lift(self) -> None:
        """Locks what ``require_liftable`` looks at as well."""
        self.lock()

    @abstractmethod
    def find(self, ids: Collection[int]) -> Mapping[int, Any]:
        """Returns the texts with these ids (as browsers know them), with their masks, by id."""

    @abstractmethod
    def id_of(self, text: Any) -> int:
        """Returns the text's id within the holder. Originals are bound to it: it must never change."""

    @abstractmethod
    def facts_of(self, text: Any) -> dict[str, Any]:
        """Returns what the trail says about a look at this text; never anything personal."""

    @abstractmethod
    def save(self, text: Any) -> None:
        """Saves ``body`` and ``offers`` under the text's next rev, and tells whoever looks on. Needs the lock."""

    @property
    def facts(self) -> dict[str, Any]:
        """Details for the trail's entry about something masked by hand."""
        return {}

    def conceal_copies(self, originals: Sequence[str]) -> None:  # noqa: B027
        """Hides what was just masked by hand where other texts repeat it. Called in the mask's transaction."""

    def require_liftable(self, body: str, start: int, end: int) -> None:  # noqa: B027
        """Raises ``Conflict`` if the span of ``body``, readable again, would show what is masked elsewhere."""

    @classmethod
    def text_of(cls, mask: MaskedSpan) -> Any:
        return getattr(mask, cls.text_field)

    def spot(self, text: Any, start: int, end: int) -> str:
        """The address of an original within the holder, to which it is sealed. Its form must never change."""
        return f"{self.id_of(text)}:{start}:{end}"

    def hidden_by(self, mask: MaskedSpan) -> Hidden:
        """Returns the original under a mask of these texts, still sealed."""
        text = self.text_of(mask)
        facts = {"kind": mask.kind, **self.facts_of(text)}
        return Hidden(self.holder, self.spot(text, mask.start, mask.end), bytes(mask.sealed), facts)
