-- Workspaces that end by themselves, and what lets the runs of a pipeline make them.

alter table workspaces add column expires_at timestamptz;
create index workspaces_ephemeral on workspaces (expires_at) where expires_at is not null and status <> 'removed';

-- Who may join, with which proof, and as what. Whoever joins holds its row, so that runs are counted one after the other.
create table join_rules (
    id         uuid primary key,
    name       text not null,
    issuer     text not null,               -- whose identity tokens are believed; empty where a key is the proof
    audience   text not null,
    claims     text not null,               -- what a token must say, JSON: claim -> patterns
    parent_id  uuid references workspaces (id),
    role       text not null,
    ttl        int not null,                -- seconds a run may last
    live_max   int not null,
    secrets    text not null,               -- names, separated by commas
    created_at timestamptz not null,
    expires_at timestamptz,
    ended_at   timestamptz
);

-- One run of a pipeline and the workspace it was given; it lasts as long as its workspace does.
create table runs (
    workspace_id uuid primary key references workspaces (id),
    rule_id      uuid not null references join_rules (id),
    subject      text not null,             -- who the identity token says it is; empty with a key
    run_key      text not null,             -- by which it is known again when it asks twice
    labels       text not null,             -- JSON
    joined_at    timestamptz not null,
    result       text not null default '',
    exit_code    int,
    summary      text not null default ''
);
create index runs_by_rule on runs (rule_id, joined_at);
create index runs_by_key on runs (rule_id, subject, run_key);

-- Join keys are tokens too.
alter table tokens drop constraint tokens_kind_check;
alter table tokens add constraint tokens_kind_check check (kind in ('agent', 'enrolment', 'session', 'link', 'join'));
alter table tokens add column rule_id uuid references join_rules (id);
create index tokens_by_rule on tokens (rule_id) where rule_id is not null;

-- Workspaces that get only some of the global secrets.
create table secret_limits (
    workspace_id uuid primary key references workspaces (id),
    names        text not null              -- separated by commas
);

create function secret_granted(to_workspace uuid, secret text) returns boolean language sql stable as $$
    select coalesce((select secret = any (string_to_array(names, ',')) from secret_limits where workspace_id = to_workspace), true)
$$;
