from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0011_received_mail")]

    operations = [
        migrations.CreateModel(
            name="PolledFolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255, unique=True)),
                ("uid_validity", models.BigIntegerField()),
                ("last_uid", models.BigIntegerField(null=True)),
                ("failed", models.JSONField(default=list)),
            ],
        ),
    ]
