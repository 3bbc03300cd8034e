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

-- Leases what waits, oldest first: as many as there are free slots, of one (owner, context) only the oldest and only once the
-- one before it has reached the agent. Of an agent that fetches its messages itself nobody asks whether it can be reached.
create function ledger_lease(now_at timestamptz, of_target uuid, by_holder bigint, held_until timestamptz, fetched boolean, most int)
    returns setof deliveries language plpgsql as $$
declare
    box mailboxes;
    way record;
begin
    box := mailbox_hold(of_target);
    select w.reachable, w.slots, w.epoch into way from ways w where w.workspace_id = of_target;
    if not (way.reachable or fetched) or box.queued = 0 then
        return;
    end if;
    return query
        with next as (
            select d.id from deliveries d
            where d.target = of_target and d.phase = 'queued' and (d.not_before <= now_at or d.epoch <> way.epoch)
                and (d.reentrant or box.running < way.slots)
                and not exists (select from deliveries e
                    where e.target = of_target and e.context_id = d.context_id and e.owner = d.owner and e.id < d.id
                        and (e.phase = 'queued' or (e.phase = 'leased' and not e.acknowledged))
                    -- Keeps it a look into the index for each message; as a join it would compare all with all.
                    offset 0)
            order by d.id limit least(greatest(way.slots - box.running, 1), most)),
        leased as (
            update deliveries d set phase = 'leased', acknowledged = false, lease = d.lease + 1, holder = by_holder,
                    leased_until = held_until
                from next where d.id = next.id returning d.*),
        counted as (
            update mailboxes m set queued = m.queued - sum.messages, bytes = m.bytes - sum.bytes, running = m.running + sum.messages
                from (select count(*)::int as messages, coalesce(sum(l.bytes), 0)::bigint as bytes from leased l) sum
                where m.workspace_id = of_target)
        select * from leased;
end
$$;
alter function ledger_lease(timestamptz, uuid, bigint, timestamptz, boolean, int) set enable_seqscan = off;
drop function ledger_lease(timestamptz, uuid, bigint, timestamptz);
