from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tickets", "0014_ticket_priority")]

    operations = [
        AddIndexBesideTraffic(
            model_name="ticket",
            index=models.Index(fields=["service", "priority", "-updated_at", "-id"], name="ticket_by_priority"),
        ),
    ]
