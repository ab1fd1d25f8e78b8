from django.db import migrations

# The one change that was ever made to the trail: a tag's name may be what is masked by hand one day, its id never.
BY_ID = """
UPDATE agents_auditentry AS entry
SET details = entry.details || jsonb_build_object('tag', coalesce((
    SELECT tag.id FROM tickets_tag AS tag
    WHERE tag.service_id = entry.service_id AND lower(tag.name) = lower(entry.details ->> 'tag')
), 0))
WHERE entry.action IN ('ticket.tag_added', 'ticket.tag_removed') AND jsonb_typeof(entry.details -> 'tag') = 'string'
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_audit_by_month"), ("tickets", "0002_comment_masks")]

    operations = [migrations.RunSQL(BY_ID, migrations.RunSQL.noop)]
