-- What callers and agents say to each other, and what comes of it: tasks with their events, and messages on their way.
-- The operator is written as the zero id where a workspace would stand.

alter table workspaces
    add column speaks  text not null default '0.3',
    add column streams boolean not null default false;

-- Where the current agent of every workspace is reached, and how much it takes at once.
create view ways as
select w.id as workspace_id, w.status, w.epoch, w.max_concurrent_tasks as slots, w.speaks, w.streams,
       w.backend = 'external' as external, a.address,
       w.status in ('online', 'degraded') and a.address <> '' as reachable
from workspaces w
     left join instances i on i.workspace_id = w.id,
     lateral (select case when w.backend = 'external' then w.url else coalesce(i.address, '') end as address) a;

create table tasks (
    id            uuid primary key,
    target        uuid not null references workspaces (id),
    owner         uuid not null,
    context_id    text not null,
    state         text not null,
    state_at      timestamptz not null,
    seq           bigint not null,           -- the number of its last event
    agent_task    text not null default '',  -- what its agent calls it
    agent_context text not null default '',
    parent        uuid,                      -- the task in whose course it was asked for
    depth         int not null,
    trace         text not null,             -- W3C trace id
    cancel_asked  boolean not null default false,
    deadline      timestamptz,
    snapshot      text,                      -- what the events up to snapshot_seq made, written when it settles
    snapshot_seq  bigint not null default 0,
    created_at    timestamptz not null
) with (fillfactor = 80);
create index tasks_by_owner on tasks (target, owner, state_at desc, id);
create index tasks_by_asker on tasks (owner, created_at desc);
create index tasks_by_context on tasks (target, context_id);
create index tasks_by_parent on tasks (parent) where parent is not null;
create index tasks_by_trace on tasks (trace);

create table task_events (
    task_id uuid not null,
    seq     bigint not null,
    at      timestamptz not null,
    body    text not null,
    primary key (task_id, seq)
);

-- One message on its way to an agent. The queued ones of a target are its mailbox; at most one process holds a leased
-- one, and its number says which lease is the good one. A dead one is kept, to be seen and sent again.
create table deliveries (
    id           bigint generated always as identity primary key,
    task_id      uuid not null references tasks (id),
    target       uuid not null,
    owner        uuid not null,
    context_id   text not null,
    message_id   text not null,
    seq          bigint not null,            -- the event with which its task took the message in
    request      text not null,              -- what is sent; empty once it is done
    bytes        int not null,
    phase        text not null check (phase in ('queued', 'leased', 'done', 'dead', 'canceled')),
    acknowledged boolean not null default false,
    reentrant    boolean not null,           -- asked for in the course of its target's own work: needs no free slot
    lease        int not null,
    holder       bigint not null,
    leased_until timestamptz not null,
    attempts     int not null default 0,
    epoch        bigint not null default 0,  -- the agent that the last attempt was for
    not_before   timestamptz not null,
    expires_at   timestamptz not null,
    problem      text not null default '',
    resent_as    uuid,
    created_at   timestamptz not null
) with (fillfactor = 70);
create unique index deliveries_once on deliveries (target, owner, message_id);
create index deliveries_by_task on deliveries (task_id, id);
create index deliveries_open on deliveries (target, context_id, id) where phase in ('queued', 'leased');
create index deliveries_queued on deliveries (target, id) where phase = 'queued';
create index deliveries_leased on deliveries (holder) where phase = 'leased';
create index deliveries_dead on deliveries (id) where phase = 'dead' and resent_as is null;
create index deliveries_recent on deliveries (created_at);
create index deliveries_expiring on deliveries (expires_at) where phase = 'queued';

-- How much waits in front of a workspace and how much its agent has; always changed with the deliveries it counts.
create table mailboxes (
    workspace_id uuid primary key references workspaces (id),
    queued       int not null default 0,
    bytes        bigint not null default 0,
    running      int not null default 0
) with (fillfactor = 50);
create index mailboxes_waiting on mailboxes (workspace_id) where queued > 0;

create function task_ended(state text) returns boolean immutable language sql as
    $$ select state in ('completed', 'failed', 'canceled', 'rejected') $$;

create function mailbox_hold(box_of uuid) returns mailboxes language plpgsql as $$
declare
    box mailboxes;
begin
    select * into box from mailboxes where workspace_id = box_of for update;
    if not found then
        insert into mailboxes (workspace_id) values (box_of) on conflict do nothing;
        select * into box from mailboxes where workspace_id = box_of for update;
    end if;
    return box;
end
$$;

-- Takes one message in: once per (target, owner, message id), as a task of its own or as a further turn of one that
-- goes on. It is leased to the holder at once when its agent can have it now, otherwise it waits in the mailbox.
create function ledger_accept(now_at timestamptz, task uuid, further boolean, to_target uuid, of_owner uuid, context text,
        message text, event text, new_state text, sent text, size int, in_course_of uuid, deep int, traced text, inside boolean,
        due timestamptz, until timestamptz, by_holder bigint, held_until timestamptz, messages_max int, bytes_max bigint, new_context boolean)
    returns table (outcome text, task_id uuid, delivery bigint, seq bigint, agent_task text, agent_context text)
    language plpgsql as $$
#variable_conflict use_column
declare
    box mailboxes;
    earlier record;
    way record;
    going tasks;
    direct boolean;
    number bigint := 1;
    made bigint;
    theirs text := '';
begin
    box := mailbox_hold(to_target);
    select d.task_id, d.id, d.seq into earlier from deliveries d
        where d.target = to_target and d.owner = of_owner and d.message_id = message;
    if found then
        return query select 'repeated', earlier.task_id, earlier.id, earlier.seq, '', '';
        return;
    end if;
    if not new_context and exists (select from tasks t
            where t.target = to_target and t.context_id = context and t.owner <> of_owner) then
        return query select 'foreign', task, 0::bigint, 0::bigint, '', '';
        return;
    end if;
    select w.reachable, w.slots into way from ways w where w.workspace_id = to_target;
    -- What waits already has its slots; whoever takes one of the others overtakes nobody in its own context.
    direct := way.reachable and (box.running + box.queued < way.slots or (inside and box.queued = 0))
        and (new_context or not exists (select from deliveries d where d.target = to_target and d.context_id = context
            and d.phase in ('queued', 'leased') and d.owner = of_owner and not d.acknowledged));
    if not direct and (box.queued >= messages_max or box.bytes + size > bytes_max) then
        return query select 'full', task, 0::bigint, box.queued::bigint, '', '';
        return;
    end if;
    if further then
        select * into going from tasks t where t.id = task for update;
        if task_ended(going.state) then
            return query select 'ended', task, 0::bigint, going.seq, '', '';
            return;
        end if;
        number := going.seq + 1;
        theirs := going.agent_context;
        update tasks set seq = number, state = new_state, state_at = now_at where id = task;
    else
        if not new_context then
            select t.agent_context into theirs from tasks t
                where t.target = to_target and t.context_id = context and t.owner = of_owner and t.agent_context <> ''
                order by t.created_at desc limit 1;
        end if;
        insert into tasks (id, target, owner, context_id, state, state_at, seq, parent, depth, trace, deadline, created_at)
            values (task, to_target, of_owner, context, new_state, now_at, 1, in_course_of, deep, traced, due, now_at);
    end if;
    insert into task_events values (task, number, now_at, event);
    insert into deliveries (task_id, target, owner, context_id, message_id, seq, request, bytes, phase, reentrant, lease,
            holder, leased_until, not_before, expires_at, created_at)
        values (task, to_target, of_owner, context, message, number, sent, size,
            case when direct then 'leased' else 'queued' end, inside, case when direct then 1 else 0 end,
            by_holder, held_until, now_at, until, now_at)
        returning id into made;
    if direct then
        update mailboxes set running = running + 1 where workspace_id = to_target;
    else
        update mailboxes set queued = queued + 1, bytes = bytes + size where workspace_id = to_target;
        perform pg_notify('mailbox', to_target::text);
    end if;
    return query select case when direct then 'leased' else 'queued' end, task, made, number,
        coalesce(going.agent_task, ''), coalesce(theirs, '');
end
$$;

-- Adds events to a task, as the holder of a delivery's lease or (delivery 0) as nobody in particular, and perhaps lets
-- the delivery end: done, dead, canceled, or queued once more. A task that has ended takes no event any more.
create function ledger_append(now_at timestamptz, task uuid, delivery bigint, in_phase text, of_lease int, events text, new_state text,
        their_task text, their_context text, made text, acknowledges boolean, ends text, why text, again_at timestamptz,
        tried_epoch bigint)
    returns table (outcome text, task_id uuid, first_seq bigint, waiting boolean)
    language plpgsql as $$
#variable_conflict use_column
declare
    going tasks;
    sent deliveries;
    box mailboxes;
    number bigint;
    added bigint := 0;
    result text := 'added';
    waits boolean := false;
begin
    if ends is not null then
        box := mailbox_hold((select t.target from tasks t where t.id = task));
    end if;
    select * into going from tasks t where t.id = task for update;
    number := going.seq;
    if delivery <> 0 then
        select * into sent from deliveries d where d.id = delivery for update;
        if sent.lease <> of_lease or sent.phase <> in_phase then
            return query select 'lost', task, number, false;
            return;
        end if;
    end if;
    if task_ended(going.state) then
        result := 'ended';
    else
        if events <> '' then
            insert into task_events
                select task, number + e.ordinality, now_at, e.body
                from string_to_table(events, E'\n') with ordinality as e (body, ordinality);
            get diagnostics added = row_count;
        end if;
        update tasks set seq = number + added, state = coalesce(new_state, state),
                state_at = case when new_state is null then state_at else now_at end,
                agent_task = case their_task when '' then agent_task when '-' then '' else their_task end,
                agent_context = case when their_context = '' then agent_context else their_context end,
                snapshot = coalesce(made, snapshot),
                snapshot_seq = case when made is null then snapshot_seq else number + added end
            where id = task;
    end if;
    if ends is not null then
        update deliveries set phase = ends, acknowledged = false, problem = coalesce(why, problem),
                request = case when ends in ('done', 'canceled') then '' else request end,
                attempts = attempts + (case when sent.phase = 'leased' then 1 else 0 end), epoch = tried_epoch,
                not_before = coalesce(again_at, not_before)
            where id = delivery;
        update mailboxes set
                running = running - (case when sent.phase = 'leased' then 1 else 0 end),
                queued = queued + (case when ends = 'queued' then 1 else 0 end)
                    - (case when sent.phase = 'queued' then 1 else 0 end),
                bytes = bytes + (case when ends = 'queued' then sent.bytes else 0 end)
                    - (case when sent.phase = 'queued' then sent.bytes else 0 end)
            where workspace_id = going.target;
        waits := box.queued > 0 or ends = 'queued';
    elsif acknowledges and not sent.acknowledged then
        update deliveries set acknowledged = true where id = delivery;
        waits := exists (select from deliveries d where d.target = going.target and d.context_id = going.context_id
            and d.phase = 'queued');
    end if;
    if waits then
        perform pg_notify('mailbox', going.target::text);
    end if;
    return query select result, task, number + 1, waits;
end
$$;

-- Leases what an agent can have now, oldest first: as many as it has free slots, of one (owner, context) only the oldest
-- and only once the one before it has reached the agent.
create function ledger_lease(now_at timestamptz, of_target uuid, by_holder bigint, held_until timestamptz)
    returns setof deliveries language plpgsql as $$
declare
    box mailboxes;
    way record;
    next deliveries;
begin
    box := mailbox_hold(of_target);
    select w.reachable, w.slots, w.epoch into way from ways w where w.workspace_id = of_target;
    if not way.reachable or box.queued = 0 then
        return;
    end if;
    for next in
        select d.* from deliveries d
        where d.target = of_target and d.phase = 'queued' and (d.not_before <= now_at or d.epoch <> way.epoch)
            and (d.reentrant or box.running < way.slots)
            and not exists (select from deliveries e
                where e.target = of_target and e.context_id = d.context_id and e.owner = d.owner and e.id < d.id
                    and (e.phase = 'queued' or (e.phase = 'leased' and not e.acknowledged)))
        order by d.id limit greatest(way.slots - box.running, 1)
    loop
        update deliveries set phase = 'leased', acknowledged = false, lease = lease + 1, holder = by_holder,
                leased_until = held_until where id = next.id returning * into next;
        update mailboxes set queued = queued - 1, bytes = bytes - next.bytes, running = running + 1
            where workspace_id = of_target;
        return next next;
    end loop;
end
$$;

-- Where a caller wants to be told of its task's events; sent in order, up to and including event number sent.
create table pushes (
    task_id      uuid not null references tasks (id),
    id           text not null,
    version      text not null,
    url          text not null,
    token        text not null,
    scheme       text not null,
    credentials  text not null,
    sent         bigint not null,
    phase        text not null check (phase in ('active', 'done', 'dead')),
    attempts     int not null default 0,
    not_before   timestamptz not null,
    leased_until timestamptz not null,
    problem      text not null default '',
    created_at   timestamptz not null,
    primary key (task_id, id)
);
create index pushes_active on pushes (not_before) where phase = 'active';

-- These run on tables that grow from nothing while their plans are kept.
alter function mailbox_hold set enable_seqscan = off;
alter function ledger_accept set enable_seqscan = off;
alter function ledger_append set enable_seqscan = off;
alter function ledger_lease set enable_seqscan = off;
