"""Customers share with people of their household, with trusted persons and, through an order, with an expert (F3).

A grant names in which capacity its grantee sees something, and a person sees it only while he acts in that capacity:
an employee of the firm who is somebody's trusted person as well gains nothing as an employee.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

from alembic import op
from kontor_chassis.schema import execute_script

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_GRANTS = """
ALTER TABLE grants
  ADD COLUMN grantee_kind text NOT NULL DEFAULT 'FIRM'
    CONSTRAINT ck_grants_kind CHECK (grantee_kind IN ('FIRM', 'HOUSEHOLD', 'TRUSTED', 'EXPERT')),
  ADD COLUMN through_id uuid,
  ADD COLUMN grantee_name text NOT NULL DEFAULT '',
  ADD CONSTRAINT ck_grants_grantee CHECK (CASE grantee_kind
    WHEN 'FIRM' THEN through_id IS NULL
    ELSE through_id IS NOT NULL AND grantee_account_id IS NOT NULL END),
  ADD CONSTRAINT ck_grants_experts_look CHECK (grantee_kind <> 'EXPERT' OR NOT may_contribute);
COMMENT ON COLUMN grants.grantee_kind IS 'in which capacity the grantee sees it';
COMMENT ON COLUMN grants.through_id IS 'the household person, trusted person or order through which he is one';
DROP INDEX uq_grants_in_force;
CREATE UNIQUE INDEX uq_grants_in_force
  ON grants (customer_id, document_id, folder_id, grantee_kind, through_id, grantee_account_id)
  NULLS NOT DISTINCT WHERE revoke_time IS NULL;
CREATE INDEX ix_grants_through ON grants (through_id) WHERE revoke_time IS NULL AND through_id IS NOT NULL;
CREATE INDEX ix_grants_expert ON grants (grantee_account_id) WHERE revoke_time IS NULL AND grantee_kind = 'EXPERT';

CREATE FUNCTION kontor_grantee_kind() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE RETURN (
  CASE kontor_role()
    WHEN 'staff' THEN 'FIRM' WHEN 'insured' THEN 'HOUSEHOLD' WHEN 'trusted' THEN 'TRUSTED' WHEN 'expert' THEN 'EXPERT'
    END);
COMMENT ON FUNCTION kontor_grantee_kind IS 'the kind of grants that reach the caller; NULL: none does';
"""

_FINDING = """
DO $$
BEGIN
  EXECUTE replace(pg_get_functiondef('found_documents'::regproc), '{before}', '{after}');
END $$;
"""
_SEARCHERS = ("(''customer'', ''staff'')", "(''customer'', ''staff'', ''insured'', ''trusted'')")

_IN_FORCE = "g.revoke_time IS NULL AND (g.expire_time IS NULL OR g.expire_time > kontor_now())"
_OPENED = """EXISTS (
          SELECT FROM emergency_grants e
          WHERE e.customer_id = folders.customer_id AND e.account_id = (SELECT kontor_account_id())
            AND e.revoke_time IS NULL AND e.folder_ids && folders.path)"""
_ON_FOLDER = f"EXISTS (SELECT FROM grants g WHERE g.folder_id = ANY (folders.path) AND {_IN_FORCE})"
_ON_DOCUMENT = f"EXISTS (SELECT FROM grants g WHERE g.document_id = documents.document_id AND {_IN_FORCE})"
_IN_FOLDER = "EXISTS (SELECT FROM folders f WHERE f.folder_id = documents.folder_id)"

# Grants of all kinds go through the policy of `grants`, which leaves a caller those that reach him as what he is.
_VISIBLE = {
    "grants": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        ELSE grantee_kind = (SELECT kontor_grantee_kind())
          AND (grantee_account_id IS NULL OR grantee_account_id = (SELECT kontor_account_id())) END""",
    "folders": f"""
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'trusted' THEN {_ON_FOLDER} OR {_OPENED}
        WHEN 'operator' THEN false
        ELSE {_ON_FOLDER} END""",
    "documents": f"""
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN release_time IS NOT NULL
        WHEN 'staff' THEN origin = 'FIRM' OR {_ON_DOCUMENT} OR {_IN_FOLDER}
        WHEN 'operator' THEN false
        ELSE release_time IS NOT NULL AND trash_time IS NULL AND ({_ON_DOCUMENT} OR {_IN_FOLDER}) END""",
    "quotas": "(SELECT kontor_role()) IN ('service', 'customer', 'insured', 'trusted')",
    "sightings": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'staff' THEN account_id = (SELECT kontor_account_id())
        WHEN 'insured' THEN account_id = (SELECT kontor_account_id())
        WHEN 'trusted' THEN account_id = (SELECT kontor_account_id())
        WHEN 'expert' THEN account_id = (SELECT kontor_account_id()) AND role = 4
        ELSE false END""",
}
_BEFORE = {
    "grants": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'staff' THEN grantee_account_id IS NULL OR grantee_account_id = (SELECT kontor_account_id())
        ELSE false END""",
    "folders": f"""
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'staff' THEN {_ON_FOLDER}
        WHEN 'trusted' THEN {_OPENED}
        ELSE false END""",
    "documents": f"""
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN release_time IS NOT NULL
        WHEN 'staff' THEN origin = 'FIRM' OR {_ON_DOCUMENT} OR {_IN_FOLDER}
        WHEN 'trusted' THEN release_time IS NOT NULL AND trash_time IS NULL AND {_IN_FOLDER}
        ELSE false END""",
    "quotas": "(SELECT kontor_role()) IN ('service', 'customer')",
    "sightings": """
      CASE (SELECT kontor_role())
        WHEN 'service' THEN true
        WHEN 'customer' THEN true
        WHEN 'staff' THEN account_id = (SELECT kontor_account_id())
        WHEN 'trusted' THEN account_id = (SELECT kontor_account_id())
        ELSE false END""",
}

# What further grantees may do beside looking: add where a grant says so. Experts never.
_OTHERS = "(SELECT kontor_role()) IN ('insured', 'trusted', 'expert')"
_ADDS_TO_FOLDER = (
    f"EXISTS (SELECT FROM grants g WHERE g.folder_id = ANY (folders.path) AND g.may_contribute AND {_IN_FORCE})"
    " AND (SELECT kontor_role()) <> 'expert'"
)
_ADDS_BESIDE = (
    "EXISTS (SELECT FROM folders f JOIN grants g ON g.folder_id = ANY (f.path)"
    f" WHERE f.folder_id = documents.folder_id AND g.may_contribute AND {_IN_FORCE})"
)
_ADDS_TO_DOCUMENT = (
    f"EXISTS (SELECT FROM grants g WHERE g.document_id = documents.document_id AND g.may_contribute AND {_IN_FORCE})"
)
_ADDING = {
    ("folders", "INSERT"): "false",
    ("folders", "UPDATE"): _ADDS_TO_FOLDER,  # asked for a lock on the folder that a file goes into
    ("folders", "DELETE"): "false",
    ("documents", "INSERT"): f"(SELECT kontor_role()) <> 'expert' AND {_ADDS_BESIDE}",
    ("documents", "UPDATE"): f"(SELECT kontor_role()) <> 'expert' AND ({_ADDS_TO_DOCUMENT} OR {_ADDS_BESIDE})",
    ("documents", "DELETE"): "false",
}

# An expert belongs to another firm: the tenant's policy does not let him through, and these do. What he sees is still
# no more than `visible` says.
_FOR_EXPERTS = ("grants", "folders", "documents")


def upgrade() -> None:
    """Let grants name further people, and these people through to what they name."""
    execute_script(op, _GRANTS)
    for table, condition in _VISIBLE.items():
        op.execute(f"ALTER POLICY visible ON {table} USING ({condition})")
    for (table, action), allowed in _ADDING.items():
        op.execute(f"DROP POLICY trusted_only_look_{action.lower()} ON {table}")
        checked = "WITH CHECK" if action == "INSERT" else "USING"
        op.execute(
            f"CREATE POLICY others_only_add_{action.lower()} ON {table} AS RESTRICTIVE FOR {action}"
            f" {checked} (NOT ({_OTHERS}) OR ({allowed}))"
        )
    for table in _FOR_EXPERTS:
        op.execute(f"CREATE POLICY for_experts ON {table} FOR SELECT USING ((SELECT kontor_role()) = 'expert')")
    execute_script(op, _FINDING.format(before=_SEARCHERS[0], after=_SEARCHERS[1]))


def downgrade() -> None:
    """Shut them out again; what was granted to them is forgotten."""
    execute_script(op, _FINDING.format(before=_SEARCHERS[1], after=_SEARCHERS[0]))
    for table in _FOR_EXPERTS:
        op.execute(f"DROP POLICY for_experts ON {table}")
    for table, action in _ADDING:
        op.execute(f"DROP POLICY others_only_add_{action.lower()} ON {table}")
        checked = "WITH CHECK" if action == "INSERT" else "USING"
        op.execute(
            f"CREATE POLICY trusted_only_look_{action.lower()} ON {table} AS RESTRICTIVE FOR {action}"
            f" {checked} ((SELECT kontor_role()) <> 'trusted')"
        )
    for table, condition in _BEFORE.items():
        op.execute(f"ALTER POLICY visible ON {table} USING ({condition})")
    op.execute("DROP FUNCTION kontor_grantee_kind()")
    op.execute("DELETE FROM grants WHERE grantee_kind <> 'FIRM'")
    op.execute("DROP INDEX uq_grants_in_force")
    op.execute(
        "CREATE UNIQUE INDEX uq_grants_in_force ON grants (customer_id, document_id, folder_id, grantee_account_id)"
        " NULLS NOT DISTINCT WHERE revoke_time IS NULL"
    )
    op.execute("ALTER TABLE grants DROP COLUMN grantee_kind, DROP COLUMN through_id, DROP COLUMN grantee_name")
