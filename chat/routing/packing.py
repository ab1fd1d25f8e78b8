"""Packs the standings of a round for the routing log, which keeps very many of them.

The agents who got a chat are kept as lists with all that was true of them, their names of then too. All others, who
are most of the log, are kept as bytes with what a page shows of them; their names are those of the day they are read.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.routing.standing import Availability, Standing, nearness
from chat.routing_log import RoutingRound

STANDINGS_MAX = 300  # for a round; beyond it the agents furthest from taking a chat are left out
WITH_LOAD = {Availability.FREE, Availability.FULL}

_Others = dict[str, list[list[int | None]]]  # by availability: an agent's id, then the numbers that are shown


def pack(round_: RoutingRound, standings: Iterable[Standing], chosen: Collection[int | None]) -> None:
    """Puts the standings into a round that is not saved yet. ``chosen``: who got a chat in it."""
    nearest = sorted(standings, key=_order)
    round_.seats = [_seat(each) for each in nearest if each.agent_id in chosen]
    others: _Others = {}
    for each in [each for each in nearest if each.agent_id not in chosen][:STANDINGS_MAX]:
        others.setdefault(each.availability, []).append([each.agent_id, *_numbers(each)])
    round_.others = msgspec.msgpack.encode(others)


def unpack(service_id: int, rounds: Collection[RoutingRound]) -> dict[int, list[Standing]]:
    """The standings of each of the service's rounds, by its id; those nearest to taking a chat first.

    A round that the release before has written has everybody in its ``seats``.
    """
    packed = {each.pk: _others(each) for each in rounds}
    names = _names(service_id, {seat[0] for others in packed.values() for _availability, seat in others})
    return {
        each.pk: sorted(
            [
                *(_chosen(seat, each.at) for seat in each.seats),
                *(_standing(availability, seat, names, each.at) for availability, seat in packed[each.pk]),
            ],
            key=_order,
        )
        for each in rounds
    }


def _order(standing: Standing) -> tuple[int, int]:
    return nearness(standing), standing.agent_id


def _seat(each: Standing) -> list[Any]:
    return [each.agent_id, each.name, each.availability, each.load, each.limit, each.gone_s]


def _numbers(standing: Standing) -> list[int | None]:
    if standing.availability in WITH_LOAD:
        return [standing.load, standing.limit]
    return [standing.gone_s] if standing.availability == Availability.UNREACHABLE else []


def _others(round_: RoutingRound) -> list[tuple[str, list[int | None]]]:
    others = msgspec.msgpack.decode(round_.others, type=_Others) if round_.others else {}
    return [(availability, seat) for availability, seats in others.items() for seat in seats]


def _names(service_id: int, agents: Collection[Any]) -> dict[int | None, str]:
    found = Agent.objects.filter(service=service_id, pk__in=agents).select_related("user") if agents else []
    return {agent.pk: str(agent) for agent in found}


def _chosen(seat: Sequence[Any], at: datetime) -> Standing:
    agent_id, name, availability, load, limit, gone_s = seat
    return Standing(agent_id, name, availability, load, limit, gone_s, at)


def _standing(availability: str, seat: Sequence[Any], names: dict[int | None, str], at: datetime) -> Standing:
    agent_id, *numbers = seat
    load, limit = numbers if availability in WITH_LOAD else (0, 0)
    gone_s = numbers[0] if availability == Availability.UNREACHABLE else None
    return Standing(agent_id, names.get(agent_id) or _("Removed agent"), availability, load, limit, gone_s, at)
