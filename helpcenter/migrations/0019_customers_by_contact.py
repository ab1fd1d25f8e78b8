from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("helpcenter", "0018_last_contact")]

    operations = [
        AddIndexBesideTraffic(
            model_name="customer",
            index=models.Index(fields=["service", "-last_contact_at", "-id"], name="customer_by_contact"),
        ),
    ]
