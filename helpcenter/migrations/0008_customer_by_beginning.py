from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models
from django.db.models.functions import Lower

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("helpcenter", "0007_customer_words")]

    operations = [
        AddIndexBesideTraffic(
            model_name="customer",
            index=models.Index("service", OpClass(Lower("email"), "text_pattern_ops"), name="customer_by_beginning"),
        ),
    ]
