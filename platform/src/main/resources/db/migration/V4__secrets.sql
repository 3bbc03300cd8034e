-- Values that agents get and nobody else sees: sealed with the platform's key, which is not here.
create table secrets (
    owner      uuid not null,            -- the workspace; the zero id for all of them
    name       text not null,
    sealed     bytea not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (owner, name)
);

-- Something sealed, by which a start with another key is noticed before anything is lost.
create table seals (
    id     int primary key check (id = 1),
    sealed bytea not null
);
