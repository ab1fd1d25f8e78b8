"""How many of what people write in chats is found, and how much else is taken for it: for each kind, by a set."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import pytest
from ko_pii import detect_all

from chat.masking.detectors import KINDS, detect
from chat.masking.spans import Span
from tests.chat.labelled import PARTS, Labelled, messages

MESSAGES_MIN, POSITIVES_MIN, SHARE_MIN = 400, 12, 0.95
SET = [one for part in PARTS for one in messages(part)]
THEIR_NAMES = {
    "RRN": "rrn",
    "FRN": "frn",
    "BUSINESS_REG": "brn",
    "DRIVER_LICENSE": "driver_license",
    "CARD": "card",
    "FAX": "phone",
    "ACCOUNT": "bank_account",
    "PASSPORT": "passport",
    "PHONE": "phone",
    "EMAIL": "email",
    "IP": "ip",
}


@pytest.fixture
def show(capsys):
    """Shows lines whatever is captured, from a process of pytest-xdist too: its standard error alone is shown."""

    def show(lines: Iterable[str]) -> None:
        with capsys.disabled():
            print("", *lines, sep="\n", file=sys.stderr, flush=True)

    return show


def share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def figures(labelled: Sequence[Labelled]) -> dict[str, tuple[int, float, float]]:
    """For each kind: how many there are, precision, recall. Only a span that is right to the character is right."""
    right, claimed, true = Counter[str](), Counter[str](), Counter[str]()
    for text, spans in labelled:
        found = detect(text)
        claimed.update(span.kind for span in found)
        true.update(span.kind for span in spans)
        right.update(span.kind for span in set(found) & set(spans))
    return {
        kind: (true[kind], share(right[kind], claimed[kind]), share(right[kind], true[kind])) for kind in KINDS
    }  # fmt: skip


def test_the_set_is_large_and_half_of_it_has_nothing_personal() -> None:
    assert len(SET) >= MESSAGES_MIN
    assert sum(not labelled.spans for labelled in SET) >= len(SET) / 2
    assert len({labelled.text for labelled in SET}) == len(SET)
    assert {span.kind for labelled in SET for span in labelled.spans} == set(KINDS)


def test_of_every_kind_at_least_19_in_20_are_found_and_right(show) -> None:
    result = figures(SET)
    show(
        [
            f"{len(SET)} labelled messages, {sum(not one.spans for one in SET)} of them without personal data",
            f"{'kind':15}{'spans':>6}{'precision':>11}{'recall':>8}",
            *(
                f"{kind:15}{count:6}{precision:11.3f}{recall:8.3f}"
                for kind, (count, precision, recall) in result.items()
            ),
        ]
    )
    for kind, (count, precision, recall) in result.items():
        assert count >= POSITIVES_MIN, kind
        assert precision >= SHARE_MIN, kind
        assert recall >= SHARE_MIN, kind


def test_a_second_opinion(show) -> None:
    """ko-pii reads the same messages; where it differs is printed. The labels say who is right: more often we are."""
    ours_alone, theirs_alone = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    we_are_right = they_are_right = 0
    for text, spans in SET:
        ours = {span for span in detect(text) if span.kind in THEIR_NAMES.values()}
        theirs = {
            Span(THEIR_NAMES[one.label], one.start, one.end) for one in detect_all(text) if one.label in THEIR_NAMES
        }
        we_are_right += len((ours - theirs) & set(spans)) + len(theirs - ours - set(spans))
        they_are_right += len((theirs - ours) & set(spans)) + len(ours - theirs - set(spans))
        for alone, some in ((ours_alone, ours - theirs), (theirs_alone, theirs - ours)):
            for span in some:
                alone[span.kind].append(text[span.start : span.end])
    show(
        [
            f"a second opinion, ko-pii: by the labels it is right where we are not {they_are_right} times,"
            f" we where it is not {we_are_right} times",
            *(f"  only we,     {kind:15}{', '.join(found)}"[:160] for kind, found in sorted(ours_alone.items())),
            *(f"  only ko-pii, {kind:15}{', '.join(found)}"[:160] for kind, found in sorted(theirs_alone.items())),
        ]
    )
    assert we_are_right > they_are_right
