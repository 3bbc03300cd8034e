-- The model that a workspace's agent thinks with; empty where nobody said.
alter table workspaces add column model text not null default '';
