"""Chat's settings leave the help center for ``chat.ChatSettings`` (``chat.0007``): here they leave the state alone.

Their columns stay, with defaults, because processes of the release before go on reading and writing them.
The release after this one drops the columns, together with the triggers of ``chat.0007``.
"""

from django.db import migrations

COLUMNS = {
    "assign_recent_agent": "false",
    "queue_limit": "0",
    "longest_wait_minutes": "0",
    "idle_reminder_minutes": "5",
    "idle_close_minutes": "15",
}


def alter_columns(change: str) -> str:
    changes = ", ".join(f"ALTER COLUMN {name} {change.format(default)}" for name, default in COLUMNS.items())
    # Who waits for the table's lock keeps everybody waiting behind: rather fail, and run again.
    return f"SET LOCAL lock_timeout = '5s'; ALTER TABLE helpcenter_helpcenter {changes}; SET LOCAL lock_timeout TO DEFAULT"


class Migration(migrations.Migration):
    dependencies = [("helpcenter", "0002_waiting_and_silence")]

    operations = [
        migrations.RunSQL(alter_columns("SET DEFAULT {}"), alter_columns("DROP DEFAULT")),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("helpcenter", name) for name in COLUMNS]
        ),
    ]
