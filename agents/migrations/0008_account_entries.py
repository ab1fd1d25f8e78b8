import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0007_open_sessions")]

    operations = [
        migrations.CreateModel(
            name="AccountEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("sign_in", "Signed in"),
                            ("sign_in_failed", "Failed to sign in"),
                            ("sign_out", "Signed out"),
                            ("sessions_ended", "Sessions ended"),
                            ("password_changed", "Password changed"),
                            ("reset_mailed", "Link for a new password e-mailed"),
                            ("password_reset", "New password set by the e-mailed link"),
                        ],
                        max_length=32,
                        verbose_name="Action",
                    ),
                ),
                ("actor", models.CharField(blank=True, max_length=80, verbose_name="By")),
                ("device", models.CharField(blank=True, max_length=60, verbose_name="Device")),
                ("address", models.GenericIPAddressField(blank=True, null=True, verbose_name="IP address")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="Time"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="account_entries",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="User",
                    ),
                ),
            ],
            options={
                "verbose_name": "Account entry",
                "verbose_name_plural": "Account entries",
                "indexes": [models.Index(fields=["user", "id"], name="account_entry_of_user")],
            },
        ),
    ]
