-- What a workspace's agent gets of the machine it runs on.
alter table workspaces
    add column host_dir        text not null default '',
    add column host_read_only  boolean not null default false,
    add column host_privileged boolean not null default false;
