"""The same run twice, side by side in one cluster, and everything that it leaves anywhere.

One service masks; the other one has no Security Service, and what its people say is found wherever the product writes
texts down. So the search that finds nothing of the one is shown to find the other's in the very same place.
"""

from dataclasses import dataclass
from pathlib import Path

from django.urls import reverse

from agents.models import Agent as AgentRow
from agents.models import OutgoingMail
from tests.faults.people import wait_until
from tests.leaks.by_hand import mask_by_hand
from tests.leaks.pages import look_at_pages
from tests.leaks.paths import PATHS
from tests.leaks.places import INVITED, files_of, look_at_redis, look_at_sockets, look_at_tables
from tests.leaks.run import Run
from tests.leaks.search import Found, find
from tests.leaks.stage import stage


@dataclass(frozen=True)
class Evidence:
    masked: Run
    unmasked: Run
    forms: set[str]  # names of the addresses that a form is sent to
    written: dict[str, tuple[Path, ...]]  # files and folders, by place
    found: dict[str, list[Found]]  # of both runs, by place

    def found_of(self, run: Run, place: str) -> list[Found]:
        own = set(run.purse.secrets)
        return [found for found in self.found[place] if found.secret in own]


def bear_witness(folder: Path) -> Evidence:
    """Runs everything, writes down in ``folder`` what came of it, and searches that and what the processes wrote."""
    with stage(folder) as here:
        masked, unmasked = here.run(masks=True), here.run(masks=False)
        for run in (masked, unmasked):
            for go_in in PATHS:
                go_in(run)
            mask_by_hand(run)
        for run in (masked, unmasked):
            _mail_conversations(run)
        _send_mails(masked)
        look_at_sockets(here, masked, unmasked)
        forms = look_at_pages(here, masked, unmasked)
        look_at_redis(here)
        look_at_tables(here)
    written = {place.name: (place,) for place in folder.iterdir()} | files_of(here.cluster)
    secrets = [*masked.purse.secrets, *unmasked.purse.secrets]
    return Evidence(masked, unmasked, forms, written, {name: find(secrets, where) for name, where in written.items()})


def _mail_conversations(run: Run) -> None:
    """Of those who gave an address."""
    for customer in run.customers:
        form = {"chat": customer.chat, "offset": 540}
        run.browser().post(run.path("chat:mail_transcript"), form, token=customer.token)


def _send_mails(run: Run) -> None:
    run.post(run.ada, "agents:invite", {"email": INVITED, "role": AgentRow.Role.AGENT})
    run.visitor.post(reverse("agents:reset"), {"email": run.ada.user.email})
    wait_until(lambda: not OutgoingMail.objects.filter(state=OutgoingMail.State.WAITING).exists())
