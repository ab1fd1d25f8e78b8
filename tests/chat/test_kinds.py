"""Every kind of mask has a name on the page, in both languages."""

import pytest
from django.utils.translation import override

from chat.masking import detectors, kinds, selections


def test_there_is_a_name_for_each_kind_that_a_mask_can_have():
    assert set(kinds.NAMES) == {*detectors.KINDS, detectors.CUSTOM, selections.MANUAL}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_two_kinds_have_the_same_name(language):
    with override(language):
        assert len({str(name) for name in kinds.NAMES.values()}) == len(kinds.NAMES)


def test_names_are_korean_in_korean():
    with override("ko"):
        assert str(kinds.NAMES["rrn"]) == "주민등록번호"
        assert all(not str(name).isascii() for name in kinds.NAMES.values())
