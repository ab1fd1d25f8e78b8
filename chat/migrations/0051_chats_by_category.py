from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("chat", "0050_chat_category")]

    operations = [
        AddIndexBesideTraffic(
            model_name="chat",
            index=models.Index(
                fields=["category", "-created_at"],
                condition=models.Q(("category__isnull", False)),
                name="chat_by_category",
            ),
        ),
    ]
