"""The figures of a report as people read them: each with its definition, and its parts in the order of the columns."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from chat.conversation.history import Outcome
from chat.reports.groupings import Grouping, stored
from chat.reports.marks import Figures, Mark

Value = float | None
NO_VALUE = "–"


@dataclass(frozen=True)
class Unit:
    """How a value is written: in words, in a file, and as a difference that is more or less."""

    shown: Callable[[float], str]
    more: Callable[[str], str]
    less: Callable[[str], str]
    decimals: int = 0


@dataclass(frozen=True)
class Part:
    label: Promise | str
    unit: Unit
    read: Callable[[Figures], Value]

    def shown(self, figures: Figures) -> str:
        value = self.read(figures)
        return NO_VALUE if value is None else self.unit.shown(value)


@dataclass(frozen=True)
class Measure:
    """A figure of chats with a mark. ``outcome``: the filter of Chat History that shows them; ``None`` without one."""

    mark: Mark
    label: Promise
    definition: Promise
    parts: tuple[Part, ...]
    outcome: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of the table. ``unit`` stands beside the label in a file."""

    measure: Measure
    part: Part

    @property
    def label(self) -> str:
        return f"{self.measure.label}: {self.part.label}" if self.part.label else str(self.measure.label)


def columns(grouping: Grouping) -> Iterator[Column]:
    measures = [measure for measure in MEASURES if measure.mark < stored(grouping).below]
    return (Column(measure, part) for measure in measures for part in measure.parts)


def difference(part: Part, now: Figures, before: Figures) -> tuple[str, str]:
    """Returns how the part differs from the period before: a direction (``up``, ``down``, ``same``, ``none``), and
    words.
    """
    value, was = part.read(now), part.read(before)
    if value is None or was is None:
        return "none", _("No data before")
    change = round(value - was, part.unit.decimals)
    if not change or part.unit.shown(abs(change)) == part.unit.shown(0):
        return "same", _("No change")
    words = (part.unit.more if change > 0 else part.unit.less)(part.unit.shown(abs(change)))
    return "up" if change > 0 else "down", f"{words}{_share(change, was)}"


def _share(change: float, was: float) -> str:
    sign = "+" if change > 0 else "−"
    return f" ({sign}{_number(abs(change) / was * 100)}%)" if was else ""


def duration(seconds: float) -> str:
    """Says a time in its two largest units, or in one if it is full."""
    return _duration(round(seconds), get_language())


@lru_cache(maxsize=4096)  # a year of days has thousands of times, and few different ones: each stands for a bucket
def _duration(whole: int, _language: str | None) -> str:
    if whole < 60:
        return _("%(s)s s") % {"s": whole}
    if whole < 3600:
        large, small = divmod(whole, 60)
        words = _("%(large)s min %(small)s s") if small else _("%(large)s min")
    else:
        large, small = whole // 3600, whole % 3600 // 60
        words = _("%(large)s h %(small)s min") if small else _("%(large)s h")
    return words % {"large": _number(large), "small": small}


def _number(value: float) -> str:
    return f"{value:,.0f}"  # as both languages write it


def _mean(value: float) -> str:
    return f"{value:,.1f}"


CHATS = Unit(_number, lambda n: _("%(n)s more") % {"n": n}, lambda n: _("%(n)s fewer") % {"n": n})
MEAN = Unit(_mean, lambda n: _("%(n)s higher") % {"n": n}, lambda n: _("%(n)s lower") % {"n": n}, decimals=1)
TIME = Unit(duration, lambda n: _("%(n)s longer") % {"n": n}, lambda n: _("%(n)s shorter") % {"n": n})
_MEDIAN, _MOST = gettext_lazy("Median"), gettext_lazy("90%")

MEASURES = (
    Measure(
        Mark.RECEIVED,
        pgettext_lazy("chats", "Received"),
        gettext_lazy(
            "Chats that customers began, whether or not anybody answered. A chat belongs to the day and the hour in"
            " which it began, even if it went on past midnight. Visits that ended before a chat began, since"
            " nobody was there or the queue was full, are left out, and so are chats that are marked as spam, here"
            " and in all other figures."
        ),
        (Part("", CHATS, lambda figures: figures.received),),
        outcome="",
    ),
    Measure(
        Mark.PROCESSED,
        gettext_lazy("Processed"),
        gettext_lazy(
            "Received chats in which an agent wrote to the customer. Opening a chat, the automatic greeting and"
            " internal notes are no answer."
        ),
        (Part("", CHATS, lambda figures: figures.processed),),
        outcome=Outcome.PROCESSED.value,
    ),
    Measure(
        Mark.RECEIVED,
        gettext_lazy("Unprocessed"),
        gettext_lazy(
            "Received chats in which no agent has written to the customer. Chats that still wait for an answer are"
            " among them."
        ),
        (Part("", CHATS, lambda figures: figures.unprocessed),),
        outcome=Outcome.UNPROCESSED.value,
    ),
    Measure(
        Mark.GAVE_UP,
        gettext_lazy("Give up"),
        gettext_lazy(
            "Unprocessed chats that the customer ended, or that ended because the customer was gone. Chats that were"
            " ended by an agent, an admin, a block or the end of the contract are left out."
        ),
        (Part("", CHATS, lambda figures: figures.gave_up),),
    ),
    Measure(
        Mark.ABSENT,
        gettext_lazy("Absent inquiries"),
        gettext_lazy(
            "Those of Give up whose customers were told, when they left, that no agent was Online, and were offered an"
            " inquiry. Inquiries by Contact Us without a chat are left out."
        ),
        (Part("", CHATS, lambda figures: figures.absent),),
    ),
    Measure(
        Mark.WAITING,
        gettext_lazy("Waiting time"),
        gettext_lazy(
            "From the beginning of a chat until an agent first opened it, by the server’s clock. Chats that nobody"
            " opened are left out. Half of the chats waited no longer than the median, nine of ten no longer than the"
            " 90% value. Both may differ from the exact time by up to 5%."
        ),
        (
            Part(_MEDIAN, TIME, lambda figures: figures.waiting.median_s),
            Part(_MOST, TIME, lambda figures: figures.waiting.most_s),
        ),
    ),
    Measure(
        Mark.FIRST_ANSWER,
        gettext_lazy("First answer"),
        gettext_lazy(
            "From the beginning of a chat until an agent first wrote to the customer, by the server’s clock. The"
            " automatic greeting does not count, and chats without an answer are left out. Median and 90% value as for"
            " the waiting time."
        ),
        (
            Part(_MEDIAN, TIME, lambda figures: figures.first_answer.median_s),
            Part(_MOST, TIME, lambda figures: figures.first_answer.most_s),
        ),
    ),
    Measure(
        Mark.HANDLING,
        gettext_lazy("Handling time"),
        gettext_lazy(
            "From the moment an agent first opened a chat until it ended, by the server’s clock, also while it was with"
            " other agents or back in the queue. Chats that nobody opened and chats that have not ended are left out."
            " The median may differ from the exact time by up to 5%."
        ),
        (Part(_MEDIAN, TIME, lambda figures: figures.handling.median_s),),
    ),
    Measure(
        Mark.SCORE,
        gettext_lazy("Evaluation"),
        gettext_lazy(
            "The scores that customers gave, from 1 (very poor) to 5 (excellent): their mean, and how many there are."
            " They belong to the day on which the chat began, even if they were given days later. Chats without an"
            " evaluation are left out."
        ),
        (
            Part(gettext_lazy("Mean"), MEAN, lambda figures: figures.evaluation.mean),
            Part(gettext_lazy("Evaluations"), CHATS, lambda figures: figures.evaluation.number),
        ),
    ),
    Measure(
        Mark.AT_ONCE,
        gettext_lazy("Chats at once"),
        gettext_lazy(
            "How many chats an agent had open at the moment of first opening a chat, with this one: the mean of all"
            " chats that were opened, and the maximum. Chats that nobody opened are left out."
        ),
        (
            Part(gettext_lazy("Mean"), MEAN, lambda figures: figures.at_once.mean),
            Part(gettext_lazy("Maximum"), CHATS, lambda figures: figures.at_once.maximum),
        ),
    ),
)
