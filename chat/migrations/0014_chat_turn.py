from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0013_blocks_by_agents")]

    operations = [
        AddIndexBesideTraffic(
            model_name="chat",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["service", "turn_at", "id"], name="chat_turn"
            ),
        ),
    ]
