from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import migrations

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("helpcenter", "0006_signature")]

    operations = [
        AddIndexBesideTraffic(
            model_name="customer",
            index=GinIndex(SearchVector("name", "email", config="simple"), name="customer_words"),
        ),
    ]
