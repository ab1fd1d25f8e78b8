"""Copies chat's settings out of ``helpcenter_helpcenter``, and keeps both tables alike while two releases run.

Processes of the release before read and write the columns of ``helpcenter_helpcenter``, those of this one the table
``chat_chatsettings``. Triggers carry each change over to the other table, and stop there because they write only what
differs. An admin of either release who saves while another saves in the other release may get an error by deadlock;
nothing is saved then. Two starts of a chat, one in each release, don't see each other's lock of the queue: it may
then have one customer more than its limit.

The release after this one drops the triggers, their functions, and the columns.
"""

from django.db import migrations

COLUMNS = (
    "assign_recent_agent",
    "queue_limit",
    "longest_wait_minutes",
    "idle_reminder_minutes",
    "idle_close_minutes",
)
NAMES, NEW, EXCLUDED, CENTER, SETTINGS = (
    ", ".join(f"{row}{name}" for name in COLUMNS) for row in ("", "NEW.", "EXCLUDED.", "center.", "settings.")
)
ASSIGN_NEW = ", ".join(f"{name} = NEW.{name}" for name in COLUMNS)
TAKE_FOUND = "; ".join(f"NEW.{name} := found.{name}" for name in COLUMNS)

FORWARD = f"""
SET LOCAL lock_timeout = '5s';
-- The help centers' rows stand still until the triggers are there: no change is lost in between.
LOCK TABLE helpcenter_helpcenter IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO chat_chatsettings (service_id, {NAMES}) SELECT service_id, {NAMES} FROM helpcenter_helpcenter;

-- A new help center begins with the settings that its service has already.
CREATE FUNCTION help_center_takes_chat_settings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found chat_chatsettings;
BEGIN
    SELECT * INTO found FROM chat_chatsettings WHERE service_id = NEW.service_id;
    IF found.id IS NOT NULL THEN {TAKE_FOUND}; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER help_center_takes_chat_settings BEFORE INSERT ON helpcenter_helpcenter
    FOR EACH ROW EXECUTE FUNCTION help_center_takes_chat_settings();

CREATE FUNCTION help_center_gives_chat_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chat_chatsettings AS settings (service_id, {NAMES}) VALUES (NEW.service_id, {NEW})
    ON CONFLICT (service_id) DO UPDATE SET {ASSIGN_NEW.replace("NEW.", "EXCLUDED.")}
        WHERE ({SETTINGS}) IS DISTINCT FROM ({EXCLUDED});
    RETURN NULL;
END $$;
CREATE TRIGGER help_center_gives_chat_settings AFTER INSERT OR UPDATE OF {NAMES} ON helpcenter_helpcenter
    FOR EACH ROW EXECUTE FUNCTION help_center_gives_chat_settings();

CREATE FUNCTION chat_settings_give_help_center() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE helpcenter_helpcenter AS center SET {ASSIGN_NEW}
    WHERE center.service_id = NEW.service_id AND ({CENTER}) IS DISTINCT FROM ({NEW});
    RETURN NULL;
END $$;
CREATE TRIGGER chat_settings_give_help_center AFTER INSERT OR UPDATE ON chat_chatsettings
    FOR EACH ROW EXECUTE FUNCTION chat_settings_give_help_center();
"""
BACKWARD = """
SET LOCAL lock_timeout = '5s';
DROP TRIGGER chat_settings_give_help_center ON chat_chatsettings;
DROP TRIGGER help_center_gives_chat_settings ON helpcenter_helpcenter;
DROP TRIGGER help_center_takes_chat_settings ON helpcenter_helpcenter;
DROP FUNCTION chat_settings_give_help_center, help_center_gives_chat_settings, help_center_takes_chat_settings;
-- What was copied stands in the help centers' rows as well.
DELETE FROM chat_chatsettings;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0006_chat_settings"),
        ("helpcenter", "0003_chat_settings_leave"),
    ]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
