"""A data key is told its holder as kind and number; it no longer points to a chat or names a ticket.

Processes of the release before go on serving while this runs and afterwards. They insert and read ``chat_id`` and
``ticket``, the new ones ``kind`` and ``number``: so the old columns stay in the table, and a trigger fills in whichever
side an insert leaves out. The release after this one drops the trigger and both columns; until then the database deletes
a chat's key with the chat by the foreign key, and that release has to bring another way for it.

Every step may be repeated, takes its locks for an instant, and gives way to whoever holds them.
"""

import time

import django.db.models.deletion
from django.db import OperationalError, migrations, models, transaction

BATCH = 1_000
# Shorter than PostgreSQL's deadlock_timeout (1 s): if a chat's transaction and this wait for each other, this gives way.
LOCK_TIMEOUT = "500ms"
ATTEMPTS, PAUSE_S = 120, 0.5

EXPAND = """
LOCK TABLE chat_chatkey IN ACCESS EXCLUSIVE MODE;
ALTER TABLE chat_chatkey ADD COLUMN IF NOT EXISTS kind varchar(12), ADD COLUMN IF NOT EXISTS number bigint;
ALTER TABLE chat_chatkey DROP CONSTRAINT IF EXISTS key_of_one;
CREATE OR REPLACE FUNCTION chat_key_for_both_releases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind IS NULL AND NEW.chat_id IS NOT NULL THEN
        NEW.kind := 'chat';
        NEW.number := NEW.chat_id;
        SELECT service_id, customer_id INTO NEW.service_id, NEW.customer_id FROM chat_chat WHERE id = NEW.chat_id;
    ELSIF NEW.kind IS NULL THEN
        NEW.kind := 'ticket';
        NEW.number := NEW.ticket;
    ELSIF NEW.kind = 'chat' THEN
        NEW.chat_id := NEW.number;
    ELSIF NEW.kind = 'ticket' THEN
        NEW.ticket := NEW.number;
    END IF;
    RETURN NEW;
END
$$;
DROP TRIGGER IF EXISTS chat_key_for_both_releases ON chat_chatkey;
CREATE TRIGGER chat_key_for_both_releases BEFORE INSERT ON chat_chatkey
    FOR EACH ROW EXECUTE FUNCTION chat_key_for_both_releases();
"""

# Rows are locked in the order of their ids, as those who destroy keys lock them.
BACKFILL = """
WITH empty AS (
    SELECT id FROM chat_chatkey WHERE kind IS NULL AND id > %s ORDER BY id LIMIT %s FOR NO KEY UPDATE
), filled AS (
    UPDATE chat_chatkey AS key SET
        kind = CASE WHEN key.chat_id IS NULL THEN 'ticket' ELSE 'chat' END,
        number = coalesce(key.chat_id, key.ticket),
        service_id = coalesce(key.service_id, (SELECT service_id FROM chat_chat WHERE id = key.chat_id)),
        customer_id = coalesce(key.customer_id, (SELECT customer_id FROM chat_chat WHERE id = key.chat_id))
    FROM empty WHERE key.id = empty.id RETURNING key.id
)
SELECT max(id) FROM filled
"""

SOME_EMPTY = "SELECT 0 FROM chat_chatkey WHERE kind IS NULL LIMIT 1"

HAS_CONSTRAINT = "SELECT 1 FROM pg_constraint WHERE conrelid = 'chat_chatkey'::regclass AND conname = 'key_of_holder_once'"
UNIQUE = """
LOCK TABLE chat_chatkey IN ACCESS EXCLUSIVE MODE;
ALTER TABLE chat_chatkey ADD CONSTRAINT key_of_holder_once UNIQUE USING INDEX key_of_holder_once;
"""
WHOLE = """
LOCK TABLE chat_chatkey IN ACCESS EXCLUSIVE MODE;
ALTER TABLE chat_chatkey DROP CONSTRAINT IF EXISTS key_is_whole;
ALTER TABLE chat_chatkey ADD CONSTRAINT key_is_whole
    CHECK (kind IS NOT NULL AND number IS NOT NULL AND service_id IS NOT NULL) NOT VALID;
"""
# The constraint, once it is valid, saves PostgreSQL from reading the table for NOT NULL.
NOT_NULL = """
LOCK TABLE chat_chatkey IN ACCESS EXCLUSIVE MODE;
ALTER TABLE chat_chatkey
    ALTER COLUMN kind SET NOT NULL, ALTER COLUMN number SET NOT NULL, ALTER COLUMN service_id SET NOT NULL;
ALTER TABLE chat_chatkey DROP CONSTRAINT key_is_whole;
"""

FOREIGN_KEY = """
SELECT conname FROM pg_constraint
WHERE conrelid = 'chat_chatkey'::regclass AND confrelid = 'chat_chat'::regclass AND contype = 'f'
"""
# The chat's table first, as everybody locks: a chat and then its key.
POINT = """
LOCK TABLE chat_chat IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE chat_chatkey IN ACCESS EXCLUSIVE MODE;
ALTER TABLE chat_chatkey DROP CONSTRAINT IF EXISTS "{name}";
ALTER TABLE chat_chatkey ADD CONSTRAINT "{name}" FOREIGN KEY (chat_id) REFERENCES chat_chat (id)
    {on_delete} DEFERRABLE INITIALLY DEFERRED NOT VALID;
"""

CONTRACT = """
DROP TRIGGER chat_key_for_both_releases ON chat_chatkey;
DROP FUNCTION chat_key_for_both_releases();
ALTER TABLE chat_chatkey DROP COLUMN kind, DROP COLUMN number, ALTER COLUMN service_id DROP NOT NULL;
ALTER TABLE chat_chatkey ADD CONSTRAINT key_of_one CHECK (
    (ticket IS NULL AND chat_id IS NOT NULL) OR (chat_id IS NULL AND ticket IS NOT NULL AND service_id IS NOT NULL)
);
"""


def expand(apps, schema_editor):
    _run(schema_editor, EXPAND)
    _backfill(schema_editor)
    _make_unique(schema_editor)
    _run(schema_editor, WHOLE)
    schema_editor.execute("ALTER TABLE chat_chatkey VALIDATE CONSTRAINT key_is_whole")
    _run(schema_editor, NOT_NULL)
    _point_to_chat(schema_editor, "ON DELETE CASCADE")


def contract(apps, schema_editor):
    _run(schema_editor, CONTRACT)
    _point_to_chat(schema_editor, "")


def _run(schema_editor, statements):
    """Runs the statements in a transaction that waits for no lock longer than ``LOCK_TIMEOUT``; tries again."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic(using=schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                cursor.execute(statements)
            return
        except OperationalError:
            if attempt == ATTEMPTS:
                raise
        time.sleep(PAUSE_S)


def _backfill(schema_editor):
    """Each batch is a transaction of its own: nobody waits longer for a row than it takes."""
    with schema_editor.connection.cursor() as cursor:
        last = 0
        while last is not None:
            cursor.execute(BACKFILL, [last, BATCH])
            (last,) = cursor.fetchone()
            if last is None:  # all are done, or all of this batch were deleted meanwhile
                cursor.execute(SOME_EMPTY)
                (last,) = cursor.fetchone() or (None,)


def _make_unique(schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(HAS_CONSTRAINT)
        if cursor.fetchone():
            return
        # One that was broken off left an index that is not valid.
        cursor.execute("DROP INDEX CONCURRENTLY IF EXISTS key_of_holder_once")
        cursor.execute("CREATE UNIQUE INDEX CONCURRENTLY key_of_holder_once ON chat_chatkey (kind, number)")
    _run(schema_editor, UNIQUE)


def _point_to_chat(schema_editor, on_delete):
    """Replaces the foreign key to the chat by one with another rule for deletions."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(FOREIGN_KEY)
        (name,) = cursor.fetchone()
    _run(schema_editor, POINT.format(name=name, on_delete=on_delete))
    schema_editor.execute(f'ALTER TABLE chat_chatkey VALIDATE CONSTRAINT "{name}"')


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("agents", "0002_unmasking"), ("chat", "0004_masking_rules")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(expand, contract)],
            state_operations=[
                migrations.RemoveConstraint("datakey", "key_of_one"),
                migrations.RemoveConstraint("datakey", "key_of_ticket_once"),
                migrations.RemoveField("datakey", "chat"),
                migrations.RemoveField("datakey", "ticket"),
                migrations.AddField(
                    "datakey", "kind", models.CharField(default="", max_length=12), preserve_default=False
                ),
                migrations.AddField("datakey", "number", models.BigIntegerField(default=0), preserve_default=False),
                migrations.AlterField(
                    "datakey",
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agents.service"
                    ),
                ),
                migrations.AddConstraint(
                    "datakey", models.UniqueConstraint(fields=("kind", "number"), name="key_of_holder_once")
                ),
            ],
        )
    ]
