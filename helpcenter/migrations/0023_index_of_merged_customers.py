from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("helpcenter", "0022_merged_customers")]

    operations = [
        AddIndexBesideTraffic(
            model_name="customer",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="customer_merged"
            ),
        ),
    ]
