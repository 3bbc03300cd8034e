-- Who this platform is, to whatever outlives it: containers carry this id, and nothing without it is touched.
create table platform (
    id    uuid not null default gen_random_uuid(),
    alone boolean primary key default true check (alone)
);
insert into platform default values;

-- Of a removed workspace: whoever removed it wants what its agents left in /workspace.
alter table workspaces add column keep_data boolean not null default false;

-- Runtimes that were added or changed by hand; what is not here is as the platform and its file of runtimes have it.
create table runtimes (
    id            text primary key,
    image         text not null,
    port          int not null,
    required_env  text not null,             -- names, with commas between
    ready_seconds int not null,
    tier_min      int not null,
    changed_at    timestamptz not null
);
