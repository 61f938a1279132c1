"""The tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.db import Utc
from server.dialect import JSON_TYPE

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


# Forms point at versions and versions at forms: where a table cannot be altered the pointers are there from the start.
POINTERS = [
    sa.ForeignKeyConstraint([column], ["form_versions.id"], name=f"fk_forms_{column}")
    for column in ("current_version_id", "draft_version_id")
]


def upgrade() -> None:
    # A number is never used again (sqlite_autoincrement): the audit names things by number and outlives them.
    op.create_table('actors',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('type', sa.String(length=20), nullable=False),
    sa.Column('display_name', sa.String(), nullable=False),
    sa.Column('language', sa.String(length=10), nullable=True),
    sa.Column('properties', JSON_TYPE, nullable=False),
    sa.Column('created_at', Utc(), nullable=False),
    sa.Column('updated_at', Utc(), nullable=True),
    sa.Column('deleted_at', Utc(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_actors')),
    sqlite_autoincrement=True
    )
    op.create_table('blobs',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('md5', sa.String(length=32), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('created_at', Utc(), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_blobs'))
    )
    op.create_table('keys',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_key', sa.String(), nullable=False),
    sa.Column('private_cipher', sa.String(), nullable=True),
    sa.Column('managed', sa.Boolean(), nullable=False),
    sa.Column('hint', sa.String(), nullable=True),
    sa.Column('created_at', Utc(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_keys')),
    sa.UniqueConstraint('public_key', name=op.f('uq_keys_public_key')),
    sqlite_autoincrement=True
    )
    op.create_table('leases',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('holder', sa.String(), nullable=False),
    sa.Column('expires_at', Utc(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_leases'))
    )
    op.create_table('units',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('level', sa.String(length=40), nullable=False),
    sa.Column('type_label', sa.String(), nullable=False),
    sa.Column('name_vi', sa.String(), nullable=False),
    sa.Column('name_en', sa.String(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('successors', JSON_TYPE, nullable=False),
    sa.Column('is_hotspot', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['parent_id'], ['units.id'], name=op.f('fk_units_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_units')),
    sa.UniqueConstraint('code', 'valid_from', name=op.f('uq_units_code_valid_from')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('units', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_units_code'), ['code'], unique=False)
        batch_op.create_index(batch_op.f('ix_units_parent_id'), ['parent_id'], unique=False)

    op.create_table('audits',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('logged_at', Utc(), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('project_id', sa.Integer(), nullable=True),
    sa.Column('form_id', sa.Integer(), nullable=True),
    sa.Column('submission_id', sa.Integer(), nullable=True),
    sa.Column('subject_id', sa.Integer(), nullable=True),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('details', JSON_TYPE, nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actors.id'], name=op.f('fk_audits_actor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audits')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('audits', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audits_actor_id'), ['actor_id'], unique=False)
        batch_op.create_index('ix_audits_project_id_id', ['project_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_audits_submission_id'), ['submission_id'], unique=False)

    op.create_table('projects',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=True),
    sa.Column('archived', sa.Boolean(), nullable=True),
    sa.Column('key_id', sa.Integer(), nullable=True),
    sa.Column('language', sa.String(length=10), nullable=False),
    sa.Column('time_zone', sa.String(length=64), nullable=False),
    sa.Column('created_at', Utc(), nullable=False),
    sa.Column('updated_at', Utc(), nullable=True),
    sa.Column('deleted_at', Utc(), nullable=True),
    sa.ForeignKeyConstraint(['key_id'], ['keys.id'], name=op.f('fk_projects_key_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_projects')),
    sqlite_autoincrement=True
    )
    op.create_table('schedule_templates',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name_vi', sa.String(), nullable=False),
    sa.Column('name_en', sa.String(), nullable=False),
    sa.Column('slots', JSON_TYPE, nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_schedule_templates_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_schedule_templates')),
    sa.UniqueConstraint('code', name=op.f('uq_schedule_templates_code')),
    sqlite_autoincrement=True
    )
    op.create_table('sessions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('csrf', sa.String(length=64), nullable=False),
    sa.Column('created_at', Utc(), nullable=False),
    sa.Column('expires_at', Utc(), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actors.id'], name=op.f('fk_sessions_actor_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sessions_token_hash')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sessions_actor_id'), ['actor_id'], unique=False)

    op.create_table('users',
    sa.Column('actor_id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('email_key', sa.String(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=False),
    sa.Column('must_change_password', sa.Boolean(), nullable=False),
    sa.Column('failed_logins', sa.Integer(), nullable=False),
    sa.Column('locked_until', Utc(), nullable=True),
    sa.Column('last_login_at', Utc(), nullable=True),
    sa.Column('preferences', JSON_TYPE, nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actors.id'], name=op.f('fk_users_actor_id')),
    sa.PrimaryKeyConstraint('actor_id', name=op.f('pk_users')),
    sa.UniqueConstraint('email_key', name=op.f('uq_users_email_key'))
    )
    op.create_table('app_users',
    sa.Column('actor_id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=True),
    sa.Column('key_cipher', sa.String(), nullable=True),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['actors.id'], name=op.f('fk_app_users_actor_id')),
    sa.ForeignKeyConstraint(['created_by'], ['actors.id'], name=op.f('fk_app_users_created_by')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_app_users_project_id')),
    sa.PrimaryKeyConstraint('actor_id', name=op.f('pk_app_users')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_app_users_key_hash'))
    )
    with op.batch_alter_table('app_users', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_app_users_project_id'), ['project_id'], unique=False)

    op.create_table('consents',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('entity_uuid', sa.String(length=36), nullable=False),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('method', sa.String(length=40), nullable=False),
    sa.Column('text_version', sa.String(length=40), nullable=False),
    sa.Column('witnessed', sa.Boolean(), nullable=False),
    sa.Column('on', sa.Date(), nullable=False),
    sa.Column('recorded_at', Utc(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_consents_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consents_entity_uuid'), ['entity_uuid'], unique=False)

    op.create_table('datasets',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('approval_required', sa.Boolean(), nullable=False),
    sa.Column('owner_only', sa.Boolean(), nullable=False),
    sa.Column('created_at', Utc(), nullable=False),
    sa.Column('published_at', Utc(), nullable=True),
    sa.Column('deleted_at', Utc(), nullable=True),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_datasets_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_datasets')),
    sa.UniqueConstraint('project_id', 'name', name=op.f('uq_datasets_project_id_name')),
    sqlite_autoincrement=True
    )
    op.create_table('forms',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('xml_form_id', sa.String(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('current_version_id', sa.Integer(), nullable=True),
    sa.Column('draft_version_id', sa.Integer(), nullable=True),
    sa.Column('strip_metadata', sa.Boolean(), nullable=False),
    sa.Column('created_at', Utc(), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('updated_at', Utc(), nullable=True),
    sa.Column('deleted_at', Utc(), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['actors.id'], name=op.f('fk_forms_created_by')),
    *([] if op.get_context().dialect.supports_alter else POINTERS),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_forms_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_forms')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('forms', schema=None) as batch_op:
        batch_op.create_index('uq_forms_project_id_xml_form_id', ['project_id', 'xml_form_id'], unique=True, sqlite_where=sa.text('deleted_at IS NULL'), postgresql_where=sa.text('deleted_at IS NULL'))

    op.create_table('report_snapshots',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('report', sa.String(length=40), nullable=False),
    sa.Column('period_start', sa.Date(), nullable=False),
    sa.Column('period_end', sa.Date(), nullable=False),
    sa.Column('figures', JSON_TYPE, nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('corrections', JSON_TYPE, nullable=False),
    sa.Column('frozen_at', Utc(), nullable=False),
    sa.Column('frozen_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['frozen_by'], ['actors.id'], name=op.f('fk_report_snapshots_frozen_by')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_report_snapshots_project_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_report_snapshots_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_snapshots')),
    sqlite_autoincrement=True
    )
    op.create_table('vault',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('entity_uuid', sa.String(length=36), nullable=False),
    sa.Column('person_cipher', sa.String(), nullable=False),
    sa.Column('created_at', Utc(), nullable=False),
    sa.Column('destroyed_at', Utc(), nullable=True),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_vault_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vault')),
    sa.UniqueConstraint('entity_uuid', name=op.f('uq_vault_entity_uuid')),
    sqlite_autoincrement=True
    )
    op.create_table('assignments',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=40), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=True),
    sa.Column('form_id', sa.Integer(), nullable=True),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['actors.id'], name=op.f('fk_assignments_actor_id')),
    sa.ForeignKeyConstraint(['form_id'], ['forms.id'], name=op.f('fk_assignments_form_id')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_assignments_project_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_assignments_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignments')),
    sa.UniqueConstraint('actor_id', 'role', 'project_id', 'form_id', 'unit_id', name=op.f('uq_assignments_actor_id_role_project_id_form_id_unit_id')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_assignments_actor_id'), ['actor_id'], unique=False)
        batch_op.create_index('ix_assignments_form_id_role', ['form_id', 'role'], unique=False)
        batch_op.create_index(batch_op.f('ix_assignments_project_id'), ['project_id'], unique=False)

    op.create_table('dataset_properties',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('dataset_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('published_at', Utc(), nullable=True),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], name=op.f('fk_dataset_properties_dataset_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dataset_properties')),
    sa.UniqueConstraint('dataset_id', 'name', name=op.f('uq_dataset_properties_dataset_id_name')),
    sqlite_autoincrement=True
    )
    op.create_table('entities',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('dataset_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('uuid', sa.String(length=36), nullable=False),
    sa.Column('creator_id', sa.Integer(), nullable=True),
    sa.Column('conflict', sa.String(length=10), nullable=True),
    sa.Column('created_at', Utc(), nullable=False),
    sa.Column('updated_at', Utc(), nullable=True),
    sa.Column('deleted_at', Utc(), nullable=True),
    sa.ForeignKeyConstraint(['creator_id'], ['actors.id'], name=op.f('fk_entities_creator_id')),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], name=op.f('fk_entities_dataset_id')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_entities_project_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_entities_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entities')),
    sa.UniqueConstraint('dataset_id', 'uuid', name=op.f('uq_entities_dataset_id_uuid')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('entities', schema=None) as batch_op:
        batch_op.create_index('ix_entities_dataset_id_id', ['dataset_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_entities_unit_id'), ['unit_id'], unique=False)

    op.create_table('form_versions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('form_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('xml', sa.LargeBinary(), nullable=True),
    sa.Column('md5', sa.String(length=32), nullable=False),
    sa.Column('sha1', sa.String(length=40), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('workbook_sha256', sa.String(length=64), nullable=True),
    sa.Column('workbook_type', sa.String(length=10), nullable=True),
    sa.Column('workbook_name', sa.String(), nullable=True),
    sa.Column('validated', sa.Boolean(), nullable=False),
    sa.Column('warnings', JSON_TYPE, nullable=False),
    sa.Column('datasets', JSON_TYPE, nullable=False),
    sa.Column('key_id', sa.Integer(), nullable=True),
    sa.Column('draft_key_hash', sa.String(length=64), nullable=True),
    sa.Column('draft_key_cipher', sa.String(), nullable=True),
    sa.Column('publish_notes', sa.String(), nullable=True),
    sa.Column('created_at', Utc(), nullable=False),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.Column('published_at', Utc(), nullable=True),
    sa.Column('published_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['actors.id'], name=op.f('fk_form_versions_created_by')),
    sa.ForeignKeyConstraint(['form_id'], ['forms.id'], name=op.f('fk_form_versions_form_id')),
    sa.ForeignKeyConstraint(['key_id'], ['keys.id'], name=op.f('fk_form_versions_key_id')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_form_versions_project_id')),
    sa.ForeignKeyConstraint(['published_by'], ['actors.id'], name=op.f('fk_form_versions_published_by')),
    sa.ForeignKeyConstraint(['workbook_sha256'], ['blobs.sha256'], name=op.f('fk_form_versions_workbook_sha256')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form_versions')),
    sa.UniqueConstraint('draft_key_hash', name=op.f('uq_form_versions_draft_key_hash')),
    sa.UniqueConstraint('form_id', 'number', name=op.f('uq_form_versions_form_id_number')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('form_versions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_form_versions_project_id'), ['project_id'], unique=False)

    op.create_table('public_links',
    sa.Column('actor_id', sa.Integer(), nullable=False),
    sa.Column('form_id', sa.Integer(), nullable=False),
    sa.Column('once', sa.Boolean(), nullable=False),
    sa.Column('key_hash', sa.String(length=64), nullable=True),
    sa.Column('key_cipher', sa.String(), nullable=True),
    sa.Column('created_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['actors.id'], name=op.f('fk_public_links_actor_id')),
    sa.ForeignKeyConstraint(['created_by'], ['actors.id'], name=op.f('fk_public_links_created_by')),
    sa.ForeignKeyConstraint(['form_id'], ['forms.id'], name=op.f('fk_public_links_form_id')),
    sa.PrimaryKeyConstraint('actor_id', name=op.f('pk_public_links')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_public_links_key_hash'))
    )
    with op.batch_alter_table('public_links', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_public_links_form_id'), ['form_id'], unique=False)

    op.create_table('submissions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('form_id', sa.Integer(), nullable=False),
    sa.Column('draft', sa.Boolean(), nullable=False),
    sa.Column('instance_id', sa.String(), nullable=False),
    sa.Column('submitter_id', sa.Integer(), nullable=True),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('device_id', sa.String(), nullable=True),
    sa.Column('user_agent', sa.String(), nullable=True),
    sa.Column('review_state', sa.String(length=10), nullable=True),
    sa.Column('findings', sa.Integer(), nullable=False),
    sa.Column('created_at', Utc(), nullable=False),
    sa.Column('updated_at', Utc(), nullable=True),
    sa.Column('deleted_at', Utc(), nullable=True),
    sa.ForeignKeyConstraint(['form_id'], ['forms.id'], name=op.f('fk_submissions_form_id')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_submissions_project_id')),
    sa.ForeignKeyConstraint(['submitter_id'], ['actors.id'], name=op.f('fk_submissions_submitter_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_submissions_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submissions')),
    sa.UniqueConstraint('form_id', 'draft', 'instance_id', name=op.f('uq_submissions_form_id_draft_instance_id')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('submissions', schema=None) as batch_op:
        batch_op.create_index('ix_submissions_form_id_draft_id', ['form_id', 'draft', 'id'], unique=False)
        batch_op.create_index('ix_submissions_project_id_created_at', ['project_id', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_submissions_submitter_id'), ['submitter_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_submissions_unit_id'), ['unit_id'], unique=False)

    op.create_table('comments',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('submission_id', sa.Integer(), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('path', sa.String(), nullable=True),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('created_at', Utc(), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['actors.id'], name=op.f('fk_comments_actor_id')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_comments_project_id')),
    sa.ForeignKeyConstraint(['submission_id'], ['submissions.id'], name=op.f('fk_comments_submission_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_comments')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('comments', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_comments_submission_id'), ['submission_id'], unique=False)

    op.create_table('form_files',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('type', sa.String(length=10), nullable=False),
    sa.Column('content_type', sa.String(), nullable=True),
    sa.Column('blob_sha256', sa.String(length=64), nullable=True),
    sa.Column('dataset_id', sa.Integer(), nullable=True),
    sa.Column('updated_at', Utc(), nullable=True),
    sa.ForeignKeyConstraint(['blob_sha256'], ['blobs.sha256'], name=op.f('fk_form_files_blob_sha256')),
    sa.ForeignKeyConstraint(['dataset_id'], ['datasets.id'], name=op.f('fk_form_files_dataset_id')),
    sa.ForeignKeyConstraint(['version_id'], ['form_versions.id'], name=op.f('fk_form_files_version_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form_files')),
    sa.UniqueConstraint('version_id', 'name', name=op.f('uq_form_files_version_id_name')),
    sqlite_autoincrement=True
    )
    op.create_table('submission_versions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('form_id', sa.Integer(), nullable=False),
    sa.Column('submission_id', sa.Integer(), nullable=False),
    sa.Column('form_version_id', sa.Integer(), nullable=False),
    sa.Column('draft', sa.Boolean(), nullable=False),
    sa.Column('current', sa.Boolean(), nullable=False),
    sa.Column('instance_id', sa.String(), nullable=False),
    sa.Column('deprecated_id', sa.String(), nullable=True),
    sa.Column('instance_name', sa.String(), nullable=True),
    sa.Column('xml', sa.LargeBinary(), nullable=True),
    sa.Column('xml_sha256', sa.String(length=64), nullable=False),
    sa.Column('answers', JSON_TYPE, nullable=False),
    sa.Column('encrypted', sa.Boolean(), nullable=False),
    sa.Column('submitter_id', sa.Integer(), nullable=True),
    sa.Column('device_id', sa.String(), nullable=True),
    sa.Column('user_agent', sa.String(), nullable=True),
    sa.Column('created_at', Utc(), nullable=False),
    sa.ForeignKeyConstraint(['form_id'], ['forms.id'], name=op.f('fk_submission_versions_form_id')),
    sa.ForeignKeyConstraint(['form_version_id'], ['form_versions.id'], name=op.f('fk_submission_versions_form_version_id')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_submission_versions_project_id')),
    sa.ForeignKeyConstraint(['submission_id'], ['submissions.id'], name=op.f('fk_submission_versions_submission_id')),
    sa.ForeignKeyConstraint(['submitter_id'], ['actors.id'], name=op.f('fk_submission_versions_submitter_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_versions')),
    sa.UniqueConstraint('form_id', 'draft', 'instance_id', name=op.f('uq_submission_versions_form_id_draft_instance_id')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('submission_versions', schema=None) as batch_op:
        batch_op.create_index('ix_submission_versions_form_id_deprecated_id', ['form_id', 'deprecated_id'], unique=False)
        batch_op.create_index('ix_submission_versions_submission_id_current', ['submission_id', 'current'], unique=False)

    op.create_table('visit_slots',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('entity_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('opens', sa.Date(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('closes', sa.Date(), nullable=False),
    sa.Column('submission_id', sa.Integer(), nullable=True),
    sa.Column('excused_by', sa.Integer(), nullable=True),
    sa.Column('voided_at', Utc(), nullable=True),
    sa.ForeignKeyConstraint(['entity_id'], ['entities.id'], name=op.f('fk_visit_slots_entity_id')),
    sa.ForeignKeyConstraint(['excused_by'], ['actors.id'], name=op.f('fk_visit_slots_excused_by')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_visit_slots_project_id')),
    sa.ForeignKeyConstraint(['submission_id'], ['submissions.id'], name=op.f('fk_visit_slots_submission_id')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_visit_slots_unit_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_visit_slots')),
    sa.UniqueConstraint('entity_id', 'number', name=op.f('uq_visit_slots_entity_id_number')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('visit_slots', schema=None) as batch_op:
        batch_op.create_index('ix_visit_slots_unit_id_due', ['unit_id', 'due'], unique=False)

    op.create_table('entity_holds',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('submission_version_id', sa.Integer(), nullable=False),
    sa.Column('entity_uuid', sa.String(length=36), nullable=False),
    sa.Column('branch_id', sa.String(length=36), nullable=False),
    sa.Column('branch_base_version', sa.Integer(), nullable=False),
    sa.Column('held_at', Utc(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_entity_holds_project_id')),
    sa.ForeignKeyConstraint(['submission_version_id'], ['submission_versions.id'], name=op.f('fk_entity_holds_submission_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entity_holds')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('entity_holds', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_entity_holds_branch_id'), ['branch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_entity_holds_entity_uuid'), ['entity_uuid'], unique=False)

    op.create_table('entity_versions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('entity_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('current', sa.Boolean(), nullable=False),
    sa.Column('base_version', sa.Integer(), nullable=True),
    sa.Column('trunk_version', sa.Integer(), nullable=True),
    sa.Column('branch_id', sa.String(length=36), nullable=True),
    sa.Column('branch_base_version', sa.Integer(), nullable=True),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('data', JSON_TYPE, nullable=False),
    sa.Column('data_received', JSON_TYPE, nullable=False),
    sa.Column('conflicting_properties', JSON_TYPE, nullable=True),
    sa.Column('source_version_id', sa.Integer(), nullable=True),
    sa.Column('creator_id', sa.Integer(), nullable=True),
    sa.Column('created_at', Utc(), nullable=False),
    sa.ForeignKeyConstraint(['creator_id'], ['actors.id'], name=op.f('fk_entity_versions_creator_id')),
    sa.ForeignKeyConstraint(['entity_id'], ['entities.id'], name=op.f('fk_entity_versions_entity_id')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_entity_versions_project_id')),
    sa.ForeignKeyConstraint(['source_version_id'], ['submission_versions.id'], name=op.f('fk_entity_versions_source_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entity_versions')),
    sa.UniqueConstraint('entity_id', 'version', name=op.f('uq_entity_versions_entity_id_version')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('entity_versions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_entity_versions_branch_id'), ['branch_id'], unique=False)

    op.create_table('findings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('path', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('value', sa.String(), nullable=True),
    sa.Column('args', JSON_TYPE, nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_findings_project_id')),
    sa.ForeignKeyConstraint(['version_id'], ['submission_versions.id'], name=op.f('fk_findings_version_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_findings')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('findings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_findings_project_id'), ['project_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_findings_version_id'), ['version_id'], unique=False)

    op.create_table('submission_files',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('version_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('expected', sa.Boolean(), nullable=False),
    sa.Column('content_type', sa.String(), nullable=True),
    sa.Column('blob_sha256', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['blob_sha256'], ['blobs.sha256'], name=op.f('fk_submission_files_blob_sha256')),
    sa.ForeignKeyConstraint(['version_id'], ['submission_versions.id'], name=op.f('fk_submission_files_version_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_files')),
    sa.UniqueConstraint('version_id', 'name', name=op.f('uq_submission_files_version_id_name')),
    sqlite_autoincrement=True
    )
    if op.get_context().dialect.supports_alter:
        for column in ("current_version_id", "draft_version_id"):
            op.create_foreign_key(f"fk_forms_{column}", "forms", "form_versions", [column], ["id"])


def downgrade() -> None:
    raise RuntimeError("There is nothing before the first version: restore a backup instead.")
