"""A service's rules: what is searched for in texts, and whether it is masked, offered to agents, or left alone.

``Rules`` are pure once they are read. Every text is searched by the rules that hold when storing it begins: code that
has read them earlier compares their version again under its lock.
"""

import logging
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, cast

import regex
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from chat.masking import detectors
from chat.masking.detectors import CUSTOM
from chat.masking.models import MaskingRules, OwnPattern
from chat.masking.spans import Span, widen_all
from contiple.base.errors import Invalid

logger = logging.getLogger(__name__)


# Masks on one text: each is a row, and an original that is sealed by itself.
MASKS_MAX = 100


class Action(TextChoices):
    MASK = "mask", _("Mask")
    OFFER = "offer", _("Offer to mask")
    OFF = "off", _("Off")


class Rule(NamedTuple):
    """With ``keep`` the original of a mask goes to the vault; without, it is destroyed at once."""

    action: str
    keep: bool


class Masked(NamedTuple):
    """A span of a text that is to be masked."""

    kind: str
    start: int
    end: int
    keep: bool = True


class Found(NamedTuple):
    """The result of a search: ``masked`` and ``offers`` are in order and never overlap, neither each other."""

    masked: Sequence[Masked] = ()
    offers: Sequence[Span] = ()

    @property
    def bounds(self) -> list[tuple[int, int]]:
        return [(span.start, span.end) for span in self.masked]


NOTHING = Found()


def default_rule(kind: str) -> Rule:
    """Returns the rule of a kind for which the service has chosen nothing."""
    if kind in detectors.OFFERED_BY_DEFAULT:
        return Rule(Action.OFFER, keep=True)
    masked = kind in detectors.MASKED_BY_DEFAULT
    return Rule(Action.MASK if masked else Action.OFF, keep=kind not in detectors.DESTROYED_BY_DEFAULT)


@dataclass(frozen=True)
class Rules:
    """The rules of one service; ``version`` 0 means that it has chosen nothing yet."""

    version: int = 0
    kinds: Mapping[str, Rule] = field(default_factory=lambda: {kind: default_rule(kind) for kind in detectors.KINDS})
    patterns: Sequence[tuple[regex.Pattern[str], Rule]] = ()
    reveals_per_hour: int = MaskingRules._meta.get_field("reveals_per_hour").default

    def find(self, text: str) -> Found:
        """Searches ``text``, in at most 20 ms of the processor. Spans are whole characters: no half stays readable."""
        hits = list(self._hits(text))
        if not hits:
            return NOTHING
        masked = [(span, rule.keep) for span, rule in hits if rule.action == Action.MASK]
        spans = _bounded(_widened(text, detectors.join(span for span, _keep in masked)))
        ends = [span.end for span in spans]
        destroyed = {bisect_right(ends, span.start) for span, keep in masked if not keep}
        taken = [Masked(*span, keep=index not in destroyed) for index, span in enumerate(spans)]
        offered = detectors.join(span for span, rule in hits if rule.action == Action.OFFER)
        return Found(taken, _free(_widened(text, offered), spans, ends)[:MASKS_MAX])

    def keeps(self, kind: str) -> bool:
        """Whether the original goes to the vault if somebody takes an offer of ``kind``."""
        rules = [rule for _pattern, rule in self.patterns] if kind == CUSTOM else [self.kinds[kind]]
        return all(rule.keep for rule in rules if rule.action == Action.OFFER)

    def _hits(self, text: str) -> Iterator[tuple[Span, Rule]]:
        for span in detectors.find_kinds(text, self._wanted):
            yield span, self.kinds[span.kind]
        for index, start, end in detectors.find_each(text, [pattern for pattern, _rule in self._own]):
            yield Span(CUSTOM, start, end), self._own[index][1]

    @cached_property
    def _wanted(self) -> frozenset[str]:
        return frozenset(kind for kind, rule in self.kinds.items() if rule.action != Action.OFF)

    @cached_property
    def _own(self) -> list[tuple[regex.Pattern[str], Rule]]:
        return [(pattern, rule) for pattern, rule in self.patterns if rule.action != Action.OFF]


DEFAULT = Rules()


def rules_of(service_id: int) -> Rules:
    """Reads the rules as they are now; this process remembers them."""
    row = MaskingRules.objects.filter(service=service_id).first()
    rules = _as_rules(row) if row else DEFAULT
    _known[service_id] = rules
    return rules


def known_rules(service_id: int) -> Rules:
    """Returns the rules as this process last read them, without a query; compare ``version`` with the database's."""
    return _known.get(service_id, DEFAULT)


def kind_rules(row: MaskingRules | None) -> dict[str, Rule]:
    """Returns the rule of every kind; ``row.kinds`` is ``{kind: [action, keep]}``."""
    chosen = row.kinds if row else {}
    return {kind: Rule(*chosen[kind]) if kind in chosen else default_rule(kind) for kind in detectors.KINDS}


def pattern_rules(patterns: Iterable[OwnPattern]) -> list[tuple[regex.Pattern[str], Rule]]:
    """Compiles patterns. One that can't be read any more (the library has changed) is passed over: messages go on."""
    return [(compiled, Rule(own.action, own.keep)) for own in patterns if (compiled := _compiled(own))]


def _as_rules(row: MaskingRules) -> Rules:
    # Read after the row: the patterns are as new as its version, or newer.
    patterns = pattern_rules(OwnPattern.objects.filter(service=row.service_id))
    return Rules(row.version, kind_rules(row), patterns, row.reveals_per_hour)


def _compiled(own: OwnPattern) -> regex.Pattern[str] | None:
    try:
        return detectors.read_custom(cast(Literal["word", "pattern"], own.form), own.source)
    except Invalid:
        if own.pk not in _unreadable:
            _unreadable.add(own.pk)
            logger.error("Own pattern %d of service %d can't be read and is passed over.", own.pk, own.service_id)
        return None


def _widened(text: str, spans: Sequence[Span]) -> list[Span]:
    """Widens spans to whole characters; two that then share one are joined."""
    bounds = widen_all(text, [(span.start, span.end) for span in spans])
    return detectors.join(Span(span.kind, *wide) for span, wide in zip(spans, bounds, strict=True))


def _bounded(spans: list[Span]) -> list[Span]:
    """Returns at most ``MASKS_MAX`` spans: in a text that is a list of such data, the last one covers the rest."""
    if len(spans) <= MASKS_MAX:
        return spans
    last = spans[MASKS_MAX - 1]
    return [*spans[: MASKS_MAX - 1], last._replace(end=spans[-1].end)]


def _free(offered: Sequence[Span], taken: Sequence[Span], ends: Sequence[int]) -> list[Span]:
    """Returns the offers that touch none of ``taken``; those are in order and apart, so each is compared with one."""
    nexts = ((span, bisect_right(ends, span.start)) for span in offered)
    return [span for span, index in nexts if index == len(taken) or span.end <= taken[index].start]


# The rules that this process has read, by service: one for each it has served, a few kilobytes each.
_known: dict[int, Rules] = {}
_unreadable: set[int] = set()  # ids of own patterns that are in the log already
