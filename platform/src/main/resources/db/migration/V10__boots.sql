-- Which process of an agent opened its uplink: one that opens another elsewhere is the same, or a copy that uses its token.
alter table uplinks add column boot text not null default '';
