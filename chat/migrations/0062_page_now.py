from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0061_follow_page")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="page_now",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=500),
        ),
        migrations.AddField(
            model_name="chat",
            name="page_now_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
