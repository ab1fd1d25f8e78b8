"""Ten canned responses to start from, in every language. An admin chooses which of them are added for everybody."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower

from agents.models import Agent, Service
from chat.canned.responses import Written, save_response
from chat.canned_response import CannedResponse


@dataclass(frozen=True)
class Starter:
    """A canned response to start from: short name and text by language. ``key`` stays when an admin renames it."""

    key: str
    names: dict[str, str]
    texts: dict[str, str]


def _starter(key: str, korean_name: str, english: str, korean: str) -> Starter:
    return Starter(key, {"en": key, "ko": korean_name}, {"en": english, "ko": korean})


STARTERS = (
    _starter(
        "hello",
        "인사",
        "Hello {customer}, this is {agent} from {service}. How can I help you?",
        "안녕하세요, {customer}님. {service} 상담원 {agent}입니다. 무엇을 도와드릴까요?",
    ),
    _starter(
        "moment",
        "잠시만",
        "Let me look into this for you. It will take me a few minutes.",
        "확인해 보겠습니다. 잠시만 기다려 주세요.",
    ),
    _starter(
        "order-number",
        "주문번호",
        "Could you tell me your order number? You find it in the e-mail that confirmed your order.",
        "주문 번호를 알려 주시겠어요? 주문 확인 메일에서 확인하실 수 있습니다.",
    ),
    _starter(
        "details",
        "자세히",
        "Could you tell me a little more about what happened? A picture of it helps, too.",
        "어떤 문제인지 조금 더 자세히 알려 주시겠어요? 사진이 있으면 함께 보내 주세요.",
    ),
    _starter(
        "delivery",
        "배송",
        "Your order is on its way. I’m checking with the carrier where it is now.",
        "주문하신 상품은 배송 중입니다. 현재 위치를 택배사에 확인해 보겠습니다.",
    ),
    _starter(
        "return",
        "반품",
        "I’m sorry that it isn’t right for you, {customer}. Shall I arrange the return now?",
        "상품이 마음에 들지 않으셨다니 죄송합니다, {customer}님. 지금 반품을 접수해 드릴까요?",
    ),
    _starter(
        "refund",
        "환불",
        "Your refund is on its way. How soon you see it depends on your bank or card company.",
        "환불을 처리해 드렸습니다. 입금 시점은 카드사나 은행에 따라 다를 수 있습니다.",
    ),
    _starter(
        "sorry",
        "사과",
        "I’m sorry for the trouble, {customer}. Let me put it right.",
        "불편을 드려 죄송합니다, {customer}님. 바로 해결해 드리겠습니다.",
    ),
    _starter(
        "later",
        "추후안내",
        "I need to ask a colleague about this. We’ll write to you by e-mail as soon as we know more.",
        "담당 부서에 확인이 필요한 내용입니다. 확인되는 대로 이메일로 안내해 드리겠습니다.",
    ),
    _starter(
        "bye",
        "마무리",
        "Is there anything else I can do for you? If not, thank you for writing to {service}, and have a good day.",
        "더 궁금하신 점이 있으신가요? 없으시다면 {service}에 문의해 주셔서 감사합니다. 좋은 하루 보내세요.",
    ),
)


def starters_there(service: Service) -> set[str]:
    """Returns the keys of those that the service's shared responses began as, or whose names they have."""
    names = {name.lower(): starter.key for starter in STARTERS for name in starter.names.values()}
    rows = CannedResponse.objects.filter(service=service, owner=None).annotate(lower=Lower("name"))
    found = rows.filter(~Q(starter="") | Q(lower__in=names)).values_list("starter", "lower")
    return {starter or names[name] for starter, name in found}


@transaction.atomic
def add_starters(by: Agent, keys: Collection[str], language: str) -> int:
    """Adds the chosen ones for everybody, under their names in ``language``; returns how many.

    Those that are there already are not added again, also if two ask at the same moment. Unknown keys are ignored.
    Raises what ``save_response`` raises; nothing is added then. Locks the Service's row.
    """
    Service.objects.select_for_update(no_key=True).values_list("pk").get(pk=by.service_id)
    there = starters_there(by.service)
    new = [starter for starter in STARTERS if starter.key in keys and starter.key not in there]
    for starter in new:
        made = save_response(by, None, Written(name=starter.names[language], texts=starter.texts))
        CannedResponse.objects.filter(pk=made.pk).update(starter=starter.key)
    return len(new)
