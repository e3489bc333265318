-- One row for each time that a message or a change of it was handed to a room, in place of one a member, which was most of
-- the time of a message to a room of hundreds. A user's deliveries are his rows of deliveries, which an import and older
-- versions wrote, and, by each of his contacts, what its room got behind delivered_after: before that he was no member.
-- Ids are one series with those of deliveries, each new one above all old ones: clients sync by them.

-- only: sqlite
create table room_deliveries (
    delivery_id $ID$,
    room_id bigint not null references rooms (room_id),
    message_id bigint not null references messages (message_id),
    created_at bigint not null
);
create index room_deliveries_by_room on room_deliveries (room_id, delivery_id);
insert into sqlite_sequence (name, seq) select 'room_deliveries', seq from sqlite_sequence where name = 'deliveries';
alter table contacts add column delivered_after bigint not null default 0;

-- only: postgresql
-- No foreign keys, as in 004: they would lock rooms and messages here, beside contacts, while other servers are at work.
-- No index by delivery_id alone: asked for the newest of a room, PostgreSQL may walk it backwards through all others'.
do $$
begin
    execute format('create table room_deliveries (delivery_id bigint not null default nextval(%L::regclass),'
                   ' room_id bigint not null, message_id bigint not null, created_at bigint not null,'
                   ' primary key (room_id, delivery_id))', pg_get_serial_sequence('deliveries', 'delivery_id'));
end $$;
-- A lock on one table, so nobody waits for us in a circle but by rows; who holds contacts for long keeps it from us, not us
-- from everybody: see 004.
do $$
begin
    for attempt in 1 .. 15 loop
        begin
            perform set_config('lock_timeout', (attempt * 200) || 'ms', true);
            alter table contacts add column delivered_after bigint not null default 0;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.1); -- what waited for us goes on meanwhile
        end;
    end loop;
    raise exception 'contacts is locked by somebody else for long';
end $$;
-- only: all
