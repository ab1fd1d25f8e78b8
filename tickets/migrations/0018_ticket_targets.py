import django.core.validators
from django.db import migrations, models


def minutes() -> models.PositiveIntegerField:
    bounds = [django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(525600)]
    return models.PositiveIntegerField(blank=True, null=True, validators=bounds)


class Migration(migrations.Migration):
    dependencies = [("tickets", "0017_group_members")]

    operations = [
        migrations.CreateModel(
            name="TicketTarget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("priority", models.CharField(max_length=8)),
                ("answer_minutes", minutes()),
                ("solve_minutes", minutes()),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=models.CASCADE, related_name="ticket_targets", to="agents.service"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="tickettarget",
            constraint=models.UniqueConstraint(fields=("service", "priority"), name="target_priority_once"),
        ),
    ]
