from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("chat", "0018_several_keys_of_a_holder")]

    operations = [
        AddIndexBesideTraffic(
            model_name="chat",
            index=models.Index(
                fields=["service", "state"],
                condition=models.Q(("state", "closed"), _negated=True),
                name="chat_open_of_service",
            ),
        ),
    ]
