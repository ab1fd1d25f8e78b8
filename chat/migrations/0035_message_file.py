from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0034_file_settings")]

    operations = [
        migrations.AddField(model_name="message", name="file", field=models.JSONField(blank=True, null=True)),
    ]
