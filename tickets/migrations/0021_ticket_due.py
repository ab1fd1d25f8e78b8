from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tickets", "0020_ticket_by_group")]

    operations = [
        AddIndexBesideTraffic(
            model_name="ticket",
            index=models.Index(fields=["service", "due_at", "id"], condition=models.Q(("due_at__isnull", False)), name="ticket_due"),
        ),
    ]
