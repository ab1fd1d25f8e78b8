from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0014_chat_turn")]

    operations = [
        AddIndexBesideTraffic(
            model_name="chat",
            index=models.Index(
                condition=models.Q(("network", ""), _negated=True), fields=["service", "network"], name="chat_of_network"
            ),
        ),
    ]
