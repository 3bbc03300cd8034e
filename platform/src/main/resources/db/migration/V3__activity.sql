-- Messages with fewer statements, fewer indexes and one round trip; the activity list; deadlines.

-- What the functions below do keeps these true; checking them again costs a query and a row lock each time.
alter table tasks drop constraint tasks_target_fkey;
alter table deliveries drop constraint deliveries_task_id_fkey;

-- The span of a task is the first half of its id, which the primary key finds.
drop index tasks_by_trace;
-- Deliveries are made in the order of time, and what is old is not asked for.
drop index deliveries_recent;
create index deliveries_recent on deliveries using brin (created_at) with (pages_per_range = 16, autosummarize = on);

-- How often the agent was lost with the message; an attempt that never reached it does not count.
alter table deliveries add column lost int not null default 0;

-- Only for who asks for a time: otherwise it would be taken for an index of all that waits.
drop index deliveries_expiring;
create index deliveries_expiring on deliveries (expires_at) where phase = 'queued' and expires_at > '-infinity';

-- What the agent calls a context; empty when it calls it as we do, or does not know it. The context's own tasks are few:
-- they are looked at first, whatever order the owner's many tasks have.
create function context_name(of_target uuid, of_owner uuid, context text) returns text stable language plpgsql as $$
begin
    return coalesce((
        select t.agent_context from (
            select * from tasks c where c.target = of_target and c.context_id = context offset 0) t
        where t.owner = of_owner and t.agent_context <> '' order by t.created_at desc limit 1), '');
end
$$;

drop function ledger_accept;
drop function ledger_append;

-- Takes one message in: once per (target, owner, message id), as a task of its own or as a further turn of one that
-- goes on. It is leased to the holder at once when its agent can have it now, and then the way to the agent is told;
-- otherwise it waits in the mailbox.
create function ledger_accept(now_at timestamptz, task uuid, further boolean, to_target uuid, of_owner uuid, context text,
        message text, event text, new_state text, sent text, size int, in_course_of uuid, deep int, traced text, inside boolean,
        due timestamptz, until timestamptz, by_holder bigint, held_until timestamptz, messages_max int, bytes_max bigint,
        new_context boolean,
        out outcome text, out task_id uuid, out delivery bigint, out seq bigint, out agent_task text, out agent_context text,
        out external boolean, out address text, out speaks text, out streams boolean, out epoch bigint)
    language plpgsql as $$
#variable_conflict use_column
declare
    box record;
    going tasks;
    direct boolean;
    refusal text;
    number bigint := 1;
begin
    for tries in 1..2 loop
        select m.queued, m.bytes, m.running, w.* into box
            from mailboxes m join ways w on w.workspace_id = m.workspace_id
            where m.workspace_id = to_target and w.status <> 'removed' for update of m;
        exit when found or tries = 2;
        insert into mailboxes (workspace_id) select id from workspaces where id = to_target on conflict do nothing;
    end loop;
    if box is null then
        outcome := 'gone';
        return;
    end if;
    -- What waits already has its slots; whoever takes one of the others overtakes nobody in its own context.
    direct := box.reachable and (box.running + box.queued < box.slots or (inside and box.queued = 0))
        and (new_context or not exists (select from deliveries d where d.target = to_target and d.context_id = context
            and d.phase in ('queued', 'leased') and d.owner = of_owner and not d.acknowledged));
    if not direct and (box.queued >= messages_max or box.bytes + size > bytes_max) then
        refusal := 'full';
    end if;
    if not new_context and exists (select from tasks t
            where t.target = to_target and t.context_id = context and t.owner <> of_owner) then
        refusal := 'foreign';
    end if;
    agent_task := '';
    agent_context := '';
    if further then
        select * into going from tasks t where t.id = task for update;
        if task_ended(going.state) then
            refusal := 'ended';
        end if;
        number := going.seq + 1;
        agent_task := going.agent_task;
        agent_context := going.agent_context;
    elsif not new_context then
        agent_context := context_name(to_target, of_owner, context);
    end if;
    if refusal is null then
        with made as (
            insert into deliveries (task_id, target, owner, context_id, message_id, seq, request, bytes, phase, reentrant,
                    lease, holder, leased_until, not_before, expires_at, created_at)
                values (task, to_target, of_owner, context, message, number, sent, size,
                    case when direct then 'leased' else 'queued' end, inside, case when direct then 1 else 0 end,
                    by_holder, held_until, now_at, until, now_at)
                on conflict (target, owner, message_id) do nothing
                returning id),
        told as (
            insert into task_events select task, number, now_at, event from made),
        known as (
            insert into tasks (id, target, owner, context_id, state, state_at, seq, parent, depth, trace, deadline, created_at)
                select task, to_target, of_owner, context, new_state, now_at, number, in_course_of, deep, traced, due, now_at
                from made
                on conflict (id) do update set seq = excluded.seq, state = excluded.state, state_at = excluded.state_at),
        counted as (
            update mailboxes set running = running + (case when direct then 1 else 0 end),
                    queued = queued + (case when direct then 0 else 1 end),
                    bytes = bytes + (case when direct then 0 else size end)
                from made where workspace_id = to_target)
        select id into delivery from made;
    end if;
    if delivery is null then
        select d.task_id, d.id, d.seq into task_id, delivery, seq from deliveries d
            where d.target = to_target and d.owner = of_owner and d.message_id = message;
        outcome := case when found then 'repeated' else refusal end;
        return;
    end if;
    if direct then
        external := box.external;
        address := box.address;
        speaks := box.speaks;
        streams := box.streams;
        epoch := box.epoch;
    else
        perform pg_notify('mailbox', to_target::text);
    end if;
    outcome := case when direct then 'leased' else 'queued' end;
    task_id := task;
    seq := number;
end
$$;

-- Adds events to a task, as the holder of a delivery's lease or (delivery 0) as nobody in particular, and perhaps lets
-- the delivery end: done, dead, canceled, or queued once more. A task that has ended takes no event any more.
--
-- The snapshot is kept only if its writer knew every event of the task, the last of which it names.
--
-- Locks are taken in the order mailbox, delivery, task, here and everywhere.
create function ledger_append(now_at timestamptz, task uuid, of_target uuid, after_seq bigint, delivery bigint, in_phase text, of_lease int,
        events text, new_state text, their_task text, their_context text, made text, acknowledges boolean, ends text, why text,
        again_at timestamptz, tried_epoch bigint, was_lost boolean,
        out outcome text, out first_seq bigint)
    language plpgsql as $$
#variable_conflict use_column
declare
    waiting int;
    size int := 0;
    known boolean := true;
    context text;
    bodies text[] := string_to_array(events, E'\n');
    added int := cardinality(bodies);
begin
    if ends is not null then
        select queued into waiting from mailboxes where workspace_id = of_target for update;
        update deliveries d set phase = ends, acknowledged = false, problem = coalesce(why, problem),
                request = case when ends in ('done', 'canceled') then '' else request end,
                attempts = attempts + (case when in_phase = 'leased' then 1 else 0 end), epoch = tried_epoch,
                lost = lost + (case when was_lost then 1 else 0 end), not_before = coalesce(again_at, not_before)
            where d.id = delivery and d.lease = of_lease and d.phase = in_phase
            returning d.bytes into size;
    elsif delivery <> 0 then
        select d.acknowledged, d.context_id into known, context from deliveries d
            where d.id = delivery and d.lease = of_lease and d.phase = in_phase for update;
    end if;
    if delivery <> 0 and not found then
        outcome := 'lost';
        first_seq := 0;
        return;
    end if;
    with grown as (
        update tasks set seq = seq + added, state = coalesce(new_state, state),
                state_at = case when new_state is null then state_at else now_at end,
                agent_task = case their_task when '' then agent_task when '-' then '' else their_task end,
                agent_context = case when their_context = '' then agent_context else their_context end,
                snapshot = case when seq = after_seq then coalesce(made, snapshot) else snapshot end,
                snapshot_seq = case when seq = after_seq and made is not null then seq + added else snapshot_seq end
            where id = task and not task_ended(state)
            returning seq),
    told as (
        insert into task_events
            select task, grown.seq - added + body.nr, now_at, body.text
            from grown, unnest(bodies) with ordinality as body (text, nr)),
    counted as (
        update mailboxes set
                running = running - (case when in_phase = 'leased' then 1 else 0 end),
                queued = queued + (case when ends = 'queued' then 1 else 0 end) - (case when in_phase = 'queued' then 1 else 0 end),
                bytes = bytes + (case when ends = 'queued' then size else 0 end)
                    - (case when in_phase = 'queued' then size else 0 end)
            where workspace_id = of_target and ends is not null)
    select 'added', seq - added + 1 into outcome, first_seq from grown;
    if outcome is null then
        select 'ended', t.seq + 1 into outcome, first_seq from tasks t where t.id = task;
    end if;
    if ends is not null then
        if waiting > 0 or ends = 'queued' then
            perform pg_notify('mailbox', of_target::text);
        end if;
    elsif acknowledges and not known then
        update deliveries set acknowledged = true where id = delivery;
        if exists (select from deliveries d where d.target = of_target and d.context_id = context
                and d.phase = 'queued') then
            perform pg_notify('mailbox', of_target::text);
        end if;
    end if;
end
$$;


-- Leases what an agent can have now, oldest first: as many as it has free slots, of one (owner, context) only the oldest
-- and only once the one before it has reached the agent.
create or replace function ledger_lease(now_at timestamptz, of_target uuid, by_holder bigint, held_until timestamptz)
    returns setof deliveries language plpgsql as $$
declare
    box mailboxes;
    way record;
begin
    box := mailbox_hold(of_target);
    select w.reachable, w.slots, w.epoch into way from ways w where w.workspace_id = of_target;
    if not way.reachable or box.queued = 0 then
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
            order by d.id limit greatest(way.slots - box.running, 1)),
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

-- Work that must be done by a time.
create index tasks_due on tasks (deadline) where deadline is not null and state not in ('completed', 'failed', 'canceled', 'rejected');

-- Whose agent waits for its caller does not sleep.
create index tasks_asking on tasks (target) where state in ('input-required', 'auth-required');

create index pushes_dead on pushes (created_at) where phase = 'dead';

-- What a workspace's agent tells of itself beside its tasks, in the words of the original. Numbered together with the
-- messages, so that both are one list with one cursor.
create table notes (
    id            bigint primary key default nextval('deliveries_id_seq'),
    workspace_id  uuid not null references workspaces (id),
    type          text not null,
    method        text not null,
    source        uuid,
    target        uuid,
    summary       text not null,
    status        text not null,
    problem       text not null,
    duration_ms   int,
    request       text not null,             -- JSON; empty for none
    response      text not null,             -- JSON; empty for none
    key           text,                      -- what its writer calls it, where it changes it later
    created_at    timestamptz not null
);
create index notes_of on notes (workspace_id, id);
create unique index notes_once on notes (workspace_id, key) where key is not null;

-- The list is read per workspace: what it got, and what its agent sent (what the operator sent is asked for nowhere).
create index deliveries_received on deliveries (target, id);
create index deliveries_sent on deliveries (owner, id) where owner <> '00000000-0000-0000-0000-000000000000';
-- Up to where its agent has read it.
alter table mailboxes add column read bigint not null default 0;

-- These run on tables that grow from nothing while their plans are kept.
alter function context_name set enable_seqscan = off;
alter function ledger_accept set enable_seqscan = off;
alter function ledger_append set enable_seqscan = off;
alter function ledger_lease set enable_seqscan = off;
