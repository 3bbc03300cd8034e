-- What agents want a person to decide. Each is decided once; one that nobody decided in time has expired, and one whose
-- task ended before is withdrawn.
create table approvals (
    id           uuid primary key,
    workspace_id uuid not null references workspaces (id),
    task_id      uuid,                        -- in whose course it was asked for; null for none
    action       text not null,
    reason       text not null,
    context      text not null,               -- JSON
    mark         text not null,               -- of what is asked, the same for the same question only
    status       text not null check (status in ('pending', 'approved', 'denied', 'expired', 'withdrawn')),
    decided_by   text not null default '',
    decided_at   timestamptz,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    told         boolean not null default false   -- true once its task need not hear of it any more
);
create index approvals_by_workspace on approvals (workspace_id, created_at);
create index approvals_pending on approvals (created_at) where status = 'pending';
create index approvals_untold on approvals (decided_at) where status <> 'pending' and not told;

-- The same question in the same task is the same approval, however often its agent starts anew.
create unique index approvals_once on approvals (workspace_id, task_id, mark)
    where task_id is not null and status in ('pending', 'approved', 'denied');
