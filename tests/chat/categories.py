"""Categories for tests: ``make_categories(service, "Order", "Order › Delivery", …)``."""

from agents.models import Service
from chat.categories import BETWEEN, Category


def make_category(service: Service, path: str, **fields) -> Category:
    """The category of this path; those above it are made if they aren't there."""
    parent, row = None, None
    names = path.split(BETWEEN)
    for level, name in enumerate(names, 1):
        row, _is_new = Category.objects.get_or_create(
            service=service, parent=parent, level=level, names={"en": name}, defaults={"position": 99}
        )
        parent = row
    Category.objects.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()
    return row
