-- Agents that open the connection themselves: where it ends, and for whom.

alter table workspaces add column delivery text not null default 'push';
create index workspaces_uplinked on workspaces (id) where delivery = 'uplink';

-- The last uplink of a workspace's agent. It is open while it has an address: that of the process that holds it, which
-- is gone when the lock of its number is.
create table uplinks (
    workspace_id uuid primary key references workspaces (id),
    epoch        bigint not null,
    session      uuid not null,
    holder       bigint not null,
    address      text not null,              -- "uplink+" and where its process takes calls; empty once it is closed
    kind         text not null,              -- socket or poll
    peer         text not null,              -- from where
    opened_at    timestamptz not null,
    closed_at    timestamptz,                -- when its agent was heard last
    why          text not null default ''
);

-- Tokens of a workspace are told apart, so that one can take the place of another while both are good.
alter table tokens add column id uuid not null default gen_random_uuid();
alter table tokens add column last_used_at timestamptz;
create unique index tokens_by_id on tokens (id);

create or replace view ways as
select w.id as workspace_id, w.status, w.epoch, w.max_concurrent_tasks as slots, w.speaks, w.streams,
       w.backend = 'external' and w.delivery <> 'uplink' as external, a.address,
       w.status in ('online', 'degraded') and a.address <> '' as reachable,
       case when w.backend = 'external' or w.delivery = 'uplink' then '' else coalesce(i.headers, '') end as headers
from workspaces w
     left join instances i on i.workspace_id = w.id
     left join uplinks u on u.workspace_id = w.id and u.epoch = w.epoch and w.delivery = 'uplink',
     lateral (select case when w.delivery = 'uplink' then coalesce(u.address, '')
                          when w.delivery = 'poll' then ''
                          when w.backend = 'external' then w.url
                          else coalesce(i.address, '') end as address) a;
