from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0036_chat_file")]

    operations = [
        migrations.AddField(
            model_name="topic", name="removed_at", field=models.DateTimeField(editable=False, null=True)
        ),
    ]
