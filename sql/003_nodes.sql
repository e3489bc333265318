-- The servers on this database, and when each last gave a sign: a call of one that is silent is ended by another.

create table nodes (
    node text primary key,
    seen_at bigint not null
);
