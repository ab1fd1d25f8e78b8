import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

KEY = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _belongs_to(model: str, name: str, *, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(to=model, on_delete=django.db.models.deletion.CASCADE, related_name=name, null=null)


class Migration(migrations.Migration):
    dependencies = [("agents", "0018_service_mailbox"), ("helpcenter", "0012_member_interlink")]

    operations = [
        migrations.CreateModel(
            name="MemberSecret",
            fields=[
                ("id", KEY.clone()),
                ("key_id", models.CharField(max_length=12, unique=True)),
                ("sealed", models.BinaryField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
                ("service", _belongs_to("agents.service", "member_secrets")),
            ],
        ),
        migrations.CreateModel(
            name="SpentToken",
            fields=[
                ("id", KEY.clone()),
                ("nonce_hash", models.CharField(max_length=64)),
                ("session_hash", models.CharField(max_length=64)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("service", _belongs_to("agents.service", "spent_tokens")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("service", "nonce_hash"), name="member_token_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberSession",
            fields=[
                ("id", KEY.clone()),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("sealed", models.BinaryField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("service", _belongs_to("agents.service", "member_sessions")),
                ("secret", _belongs_to("helpcenter.membersecret", "sessions")),
                ("parent", _belongs_to("helpcenter.membersession", "children", null=True)),
            ],
        ),
    ]
