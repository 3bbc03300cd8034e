-- How an agent is reached can take more than an address, and where it runs is told.
alter table instances
    add column headers text not null default '',
    add column resumed boolean not null default false;

alter table workspaces
    add column instance text not null default '',  -- what its agent's backend calls it
    add column region   text not null default '',
    add column ran_at   text not null default '';  -- the backends at which something of it may be left, a space after each

update workspaces set ran_at = backend || ' ' where backend <> 'external' and status <> 'removed';

create or replace view ways as
select w.id as workspace_id, w.status, w.epoch, w.max_concurrent_tasks as slots, w.speaks, w.streams,
       w.backend = 'external' as external, a.address,
       w.status in ('online', 'degraded') and a.address <> '' as reachable,
       case when w.backend = 'external' then '' else coalesce(i.headers, '') end as headers
from workspaces w
     left join instances i on i.workspace_id = w.id,
     lateral (select case when w.backend = 'external' then w.url else coalesce(i.address, '') end as address) a;

-- For how long workspaces were in a state, at a backend, with a tier; what they are in now is not in it yet.
create table stays (
    workspace_id uuid not null references workspaces (id),
    backend      text not null,
    tier         int not null,
    status       text not null,
    seconds      double precision not null,
    primary key (workspace_id, backend, tier, status)
);
