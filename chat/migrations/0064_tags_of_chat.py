from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0063_chat_tag")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="tags",
            field=models.ManyToManyField(blank=True, related_name="chats", to="chat.chattag"),
        ),
    ]
