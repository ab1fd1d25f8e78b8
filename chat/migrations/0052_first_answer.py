from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0051_chats_by_category")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="first_answered_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="chat",
            name="chats_at_once",
            field=models.SmallIntegerField(blank=True, editable=False, null=True),
        ),
    ]
