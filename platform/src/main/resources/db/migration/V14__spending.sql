-- What models cost, as the operator says: millionths of a US dollar for a million tokens. A `*` at a name's end stands for
-- anything.
create table model_prices (
    model      text primary key,
    input      bigint not null check (input >= 0),
    output     bigint not null check (output >= 0),
    updated_at timestamptz not null
);

-- What was taken of models, by task and turn, as it comes with the tasks' events.
create table usage (
    task_id       uuid not null,
    turn          text not null,        -- one try at one message; empty where the agent does not say
    workspace_id  uuid not null references workspaces (id),
    model         text not null,
    day           date not null,        -- UTC
    calls         bigint not null,
    input_tokens  bigint not null,
    output_tokens bigint not null,
    cost          bigint,               -- millionths of a US dollar; null while nobody said what the model costs
    primary key (task_id, turn)
);
create index usage_by_workspace on usage (workspace_id, day);
create index usage_unpriced on usage (model) where cost is null;

-- The same, added up by month (its first day), so that nobody has to count before each message.
create table spending (
    workspace_id uuid not null references workspaces (id),
    month        date not null,
    cost         bigint not null default 0,
    unpriced     bigint not null default 0,   -- turns whose cost is not known
    primary key (workspace_id, month)
);

create table budgets (
    workspace_id uuid primary key references workspaces (id),
    limit_cents  bigint not null check (limit_cents >= 0),
    state        text not null default 'open' check (state in ('open', 'warned', 'stopped')),
    told         text not null default 'open'
);
create index budgets_stopped on budgets (workspace_id) where state = 'stopped';

create function month_of(day date) returns date language sql immutable as $$ select date_trunc('month', day)::date $$;

-- A cost that is not known counts as too much: a budget is only worth something if it fails closed.
create function budget_state(of_workspace uuid, today date) returns text language sql stable as $$
    select case
        when s.unpriced > 0 or coalesce(s.cost, 0) >= b.limit_cents * 10000 then 'stopped'
        when coalesce(s.cost, 0) >= b.limit_cents * 8000 then 'warned'
        else 'open' end
    from budgets b left join spending s on s.workspace_id = b.workspace_id and s.month = month_of(today)
    where b.workspace_id = of_workspace
$$;

create function cost_of(of_model text, input_tokens bigint, output_tokens bigint) returns bigint language sql stable as $$
    select least(ceil((input_tokens::numeric * p.input + output_tokens::numeric * p.output) / 1000000), 9e15)::bigint
    from model_prices p
    where p.model = of_model or (right(p.model, 1) = '*' and starts_with(of_model, left(p.model, -1)))
    order by (p.model = of_model) desc, length(p.model) desc limit 1
$$;

-- A number that an agent says; what is none counts as nothing.
create function usage_number(said jsonb) returns bigint language sql immutable as $$
    select case when said #>> '{}' ~ '^[0-9]{1,12}$' then (said #>> '{}')::bigint else 0 end
$$;

-- Takes down what an event says of usage, in the transaction that keeps the event: what was heard is metered.
create function meter_usage() returns trigger language plpgsql as $$
declare
    said jsonb;
    worker uuid;
    on_day date := (new.at at time zone 'UTC')::date;
    before usage;
    after usage;
begin
    said := coalesce(new.body::jsonb #> '{statusUpdate,metadata,usage}', new.body::jsonb #> '{task,metadata,usage}');
    if said is null or jsonb_typeof(said) <> 'object' then
        return null;
    end if;
    select target into worker from tasks where id = new.task_id;
    select * into before from usage where task_id = new.task_id and turn = left(coalesce(said ->> 'turn', ''), 80) for update;
    after.task_id := new.task_id;
    after.turn := left(coalesce(said ->> 'turn', ''), 80);
    after.workspace_id := worker;
    after.model := left(coalesce(said ->> 'model', ''), 200);
    after.day := coalesce(before.day, on_day);
    -- Reports only grow: one that is heard late takes nothing back.
    after.calls := greatest(usage_number(said -> 'calls'), coalesce(before.calls, 0));
    after.input_tokens := greatest(usage_number(said -> 'input_tokens'), coalesce(before.input_tokens, 0));
    after.output_tokens := greatest(usage_number(said -> 'output_tokens'), coalesce(before.output_tokens, 0));
    after.cost := cost_of(after.model, after.input_tokens, after.output_tokens);
    insert into usage select after.*
        on conflict (task_id, turn) do update set model = excluded.model, calls = excluded.calls,
            input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, cost = excluded.cost;
    insert into spending as s values (worker, month_of(after.day), coalesce(after.cost, 0), (after.cost is null)::int)
        on conflict (workspace_id, month) do update set
            -- Nobody spends more than nine billion dollars; whoever says so breaks nothing.
            cost = least(s.cost::numeric + coalesce(after.cost, 0) - coalesce(before.cost, 0), 9e15)::bigint,
            unpriced = s.unpriced + (after.cost is null)::int - (before.task_id is not null and before.cost is null)::int;
    update budgets set state = budget_state(worker, on_day) where workspace_id = worker;
    if found and exists (select from budgets where workspace_id = worker and state = 'stopped') then
        perform pg_notify('overspent', worker::text);
    end if;
    return null;
end $$;

create trigger meter after insert on task_events for each row
    when (new.seq > 1 and strpos(new.body, '"usage"') > 0) execute function meter_usage();

-- Whoever has used up its budget has no slot: what is sent to it waits.
create or replace view ways as
select w.id as workspace_id, w.status, w.epoch,
       case when b.state = 'stopped' then 0 else w.max_concurrent_tasks end as slots, w.speaks, w.streams,
       w.backend = 'external' and w.delivery <> 'uplink' as external, a.address,
       w.status in ('online', 'degraded') and a.address <> '' as reachable,
       case when w.backend = 'external' or w.delivery = 'uplink' then '' else coalesce(i.headers, '') end as headers
from workspaces w
     left join budgets b on b.workspace_id = w.id
     left join instances i on i.workspace_id = w.id
     left join uplinks u on u.workspace_id = w.id and u.epoch = w.epoch and w.delivery = 'uplink',
     lateral (select case when w.delivery = 'uplink' then coalesce(u.address, '')
                          when w.delivery = 'poll' then ''
                          when w.backend = 'external' then w.url
                          else coalesce(i.address, '') end as address) a;
