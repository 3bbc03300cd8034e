-- The house as it first stands: workspaces and their life, who may speak for them, who was heard, and what happened.

create table workspaces (
    id                   uuid primary key,
    name                 text not null,
    role                 text not null,
    tier                 int not null check (tier between 1 and 4),
    runtime              text not null,
    backend              text not null check (backend in ('docker', 'flyio', 'process', 'external')),
    max_concurrent_tasks int not null check (max_concurrent_tasks >= 1),
    metadata             text not null,
    parent_id            uuid references workspaces (id),
    x                    double precision not null,
    y                    double precision not null,
    collapsed            boolean not null,
    url                  text not null,
    agent_card           text,
    epoch                bigint not null,
    status               text not null check (status in ('provisioning', 'awaiting_agent', 'online', 'degraded', 'offline',
                                                         'paused', 'hibernated', 'failed', 'removed')),
    status_since         timestamptz not null,
    status_reason        text not null,
    generation           bigint not null,
    version              bigint not null,
    created_at           timestamptz not null
);
create index workspaces_by_parent on workspaces (parent_id);
create index workspaces_living on workspaces (created_at, id) where status <> 'removed';

-- One start of an agent by a backend: written before the backend acts (phase 'intended') and after (phase 'running').
create table instances (
    workspace_id uuid primary key references workspaces (id),
    generation   bigint not null,
    backend      text not null,
    phase        text not null check (phase in ('intended', 'running', 'dead')),
    handle       text not null,
    address      text not null,
    deaths       int not null,
    not_before   timestamptz not null,
    changed_at   timestamptz not null
);

-- What agents say of themselves, many rows in one statement every few seconds; narrow, and no index on what changes.
create table presence (
    workspace_id   uuid primary key references workspaces (id),
    last_heartbeat timestamptz not null,
    error_rate     double precision not null,
    sample_error   text not null,
    active_tasks   int not null,
    current_task   text not null,
    uptime_seconds bigint not null,
    wedged         boolean not null
) with (fillfactor = 70);

-- Secrets that prove who calls; only their SHA-256 is here.
create table tokens (
    hash         bytea primary key,
    kind         text not null check (kind in ('agent', 'enrolment', 'session', 'link')),
    workspace_id uuid references workspaces (id),
    created_at   timestamptz not null,
    expires_at   timestamptz,
    ended_at     timestamptz,
    superseded   boolean not null default false
);
create index tokens_by_workspace on tokens (workspace_id) where ended_at is null;

create table idempotency (
    key          text primary key,
    request_hash bytea not null,
    workspace_id uuid not null references workspaces (id),
    created_at   timestamptz not null
);

-- Facts, append-only; each row's hash covers the one before it.
create table journal (
    seq          bigint primary key,
    at           timestamptz not null,
    workspace_id uuid,
    event        text not null,
    payload      text not null,
    hash         bytea not null
);
create index journal_by_workspace on journal (workspace_id, seq);

create table journal_head (
    one  boolean primary key default true check (one),
    seq  bigint not null,
    hash bytea not null
);
insert into journal_head (seq, hash) values (0, sha256(''));

-- Appends one fact. The head's row lock, held until commit, makes numbers gap-free and in commit order.
create function journal_append(fact_at timestamptz, fact_workspace uuid, fact_event text, fact_payload text)
    returns bigint language plpgsql as $$
declare
    head journal_head;
    following bigint;
    chained bytea;
begin
    select * into head from journal_head for update;
    following := head.seq + 1;
    chained := sha256(head.hash || convert_to(
        concat_ws('|', following, (extract(epoch from fact_at) * 1000000)::bigint, fact_workspace, fact_event, fact_payload), 'UTF8'));
    insert into journal values (following, fact_at, fact_workspace, fact_event, fact_payload, chained);
    update journal_head set seq = following, hash = chained;
    perform pg_notify('journal', following::text);
    return following;
end
$$;

create function journal_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the journal is append-only';
end
$$;
create trigger journal_append_only before update or delete or truncate on journal
    for each statement execute function journal_is_append_only();
