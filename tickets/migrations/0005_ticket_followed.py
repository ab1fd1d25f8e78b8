from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tickets", "0004_customer_answers")]

    operations = [
        AddIndexBesideTraffic(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("follows__isnull", False)), fields=["follows"], name="ticket_followed"
            ),
        ),
    ]
