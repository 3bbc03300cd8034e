-- What agents remember, in which scope, who wrote it and in the course of what. Its vector is made after it.
create table memories (
    id           uuid primary key,
    workspace_id uuid not null references workspaces (id),
    scope        text not null check (scope in ('LOCAL', 'TEAM', 'GLOBAL')),
    namespace    text not null,
    content      text not null,
    written_by   text not null,               -- agent or operator
    task_id      uuid,                        -- in whose course it was written; null for none
    created_at   timestamptz not null,
    vector       bytea,                       -- 384 floats, little endian, of length 1; null until it is made
    words        tsvector generated always as (to_tsvector('simple', content)) stored
);
create index memories_by_workspace on memories (workspace_id, scope, created_at);
create index memories_global on memories (created_at) where scope = 'GLOBAL';
create index memories_words on memories using gin (words);
create index memories_without_vector on memories (created_at) where vector is null;

-- The same is remembered once.
create unique index memories_once on memories (workspace_id, scope, namespace, md5(content));

-- Whose TEAM memories a workspace sees: those whom it may talk to, and its own.
create function team_of(me uuid) returns setof uuid language sql stable as $$
    with recursive up as (
        select id, parent_id, 0 as far from workspaces where id = me
        union all select p.id, p.parent_id, up.far + 1 from up join workspaces p on p.id = up.parent_id where up.far < 100),
    down as (
        select id, 0 as far from workspaces where id = me
        union all select c.id, down.far + 1 from down join workspaces c on c.parent_id = down.id where down.far < 100)
    select t.id from (
        select id from up union select id from down
        union select s.id from workspaces w join workspaces s on s.parent_id is not distinct from w.parent_id where w.id = me) t
    join workspaces alive on alive.id = t.id and alive.status <> 'removed'
$$;
