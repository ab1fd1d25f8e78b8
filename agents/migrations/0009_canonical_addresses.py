"""Brings the addresses of accounts to their canonical form. Nearly all have it: until now they were lowered.

Of two accounts whose addresses have the same form, the second keeps its address as it is, and the migration says so:
nobody can sign in to that one by e-mail until the operator has given it another.
"""

import sys

from django.db import migrations

from contiple.base.email_addresses import canonical


def fold(apps, schema_editor):
    users = apps.get_model("agents", "User").objects
    stored = dict(users.values_list("pk", "email"))
    taken = set(stored.values())
    for pk, email in stored.items():
        folded = canonical(email)
        if folded == email:
            continue
        if folded in taken:
            sys.stderr.write(f"\n  User {pk} has another user's e-mail address, in a different spelling: left as it is.\n")
            continue
        taken.add(folded)
        users.filter(pk=pk).update(email=folded)


class Migration(migrations.Migration):
    dependencies = [("agents", "0008_account_entries")]

    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
