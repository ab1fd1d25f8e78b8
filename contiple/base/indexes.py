"""Indexes of tables that traffic uses."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently


class AddIndexBesideTraffic(AddIndexConcurrently):
    """Adds an index while others write the table. It must be the only operation of a migration with ``atomic = False``.

    Whatever broke off an earlier try, it can be done again: what that one left behind is dropped first.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)
