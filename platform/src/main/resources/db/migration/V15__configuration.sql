-- What agents are configured with: config.yaml, and prompts and skills beside it. The same wherever the agent runs.
create table configuration_files (
    workspace_id uuid not null references workspaces (id),
    path         text not null,
    content      text not null,
    updated_at   timestamptz not null,
    primary key (workspace_id, path)
);
