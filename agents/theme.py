"""Light, dark, or as the system is: what a person has chosen for the agents' pages in this browser.

A cookie keeps it, so the server draws the page in it: nothing flashes, and no script is needed.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from agents.next_page import safe_next

THEMES = ("light", "dark")
KEPT_S = 365 * 24 * 3600  # a habit, not a secret: as long as browsers keep it


def theme(request: HttpRequest) -> dict[str, str]:
    """Adds the chosen theme to the variables of templates; nothing if the system decides."""
    chosen = request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    return {"theme": chosen} if chosen in THEMES else {}


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keeps one of the themes; anything else leaves it to the system."""
    answer = redirect(safe_next(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        answer.set_cookie(
            settings.THEME_COOKIE_NAME, chosen, KEPT_S, secure=settings.SECURE, httponly=True, samesite="Lax"
        )
    else:
        answer.delete_cookie(settings.THEME_COOKIE_NAME, samesite="Lax")
    return answer
