from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tickets", "0009_service_of_ticket_mail")]

    operations = [
        AddIndexBesideTraffic(
            model_name="ticket",
            index=models.Index(condition=models.Q(("has_answer", True)), fields=["assignee"], name="ticket_answered"),
        ),
    ]
