from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tickets", "0019_ticket_group_and_due")]

    operations = [
        AddIndexBesideTraffic(
            model_name="ticket",
            index=models.Index(fields=["group", "-updated_at", "-id"], condition=models.Q(("group__isnull", False)), name="ticket_by_group"),
        ),
    ]
