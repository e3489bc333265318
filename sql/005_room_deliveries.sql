-- One row for each time that a message or a change of it was handed to a room, in place of one a member, which was most of
-- the time of a message to a room of hundreds. A user's deliveries are his rows of deliveries, which an import and older
-- versions wrote, and, by each of his contacts, what its room got behind delivered_after: before that he was no member.
-- Ids are one series with those of deliveries, each new one above all old ones: clients sync by them.
-- In the same way what contacts show of the last message is a room's, where it came behind joined_after, a message id; their
-- own columns for it are no longer used.

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
alter table contacts add column joined_after bigint not null default 0;
alter table rooms add column last_message_id bigint not null default 0;
alter table rooms add column last_message_at bigint;
alter table rooms add column last_message_content text not null default '';

-- only: postgresql
-- No foreign keys, as in 004: they would lock rooms and messages here, beside contacts, while other servers are at work.
-- No index by delivery_id alone: asked for the newest of a room, PostgreSQL may walk it backwards through all others'.
do $$
begin
    execute format('create table room_deliveries (delivery_id bigint not null default nextval(%L::regclass),'
                   ' room_id bigint not null, message_id bigint not null, created_at bigint not null,'
                   ' primary key (room_id, delivery_id))', pg_get_serial_sequence('deliveries', 'delivery_id'));
end $$;
-- As in 004: senders are kept away first, then everybody, contacts before rooms as by who reads contacts; who holds one for
-- long keeps it from us, not us from everybody.
do $$
begin
    for attempt in 1 .. 15 loop
        begin
            perform set_config('lock_timeout', (attempt * 200) || 'ms', true);
            lock table messages in share mode;
            lock table contacts, rooms in access exclusive mode;
            alter table contacts
                add column delivered_after bigint not null default 0,
                add column joined_after bigint not null default 0;
            alter table rooms
                add column last_message_id bigint not null default 0,
                add column last_message_at bigint,
                add column last_message_content text not null default '';
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.1); -- what waited for us goes on meanwhile
        end;
    end loop;
    raise exception 'contacts or rooms are locked by somebody else for long';
end $$;
-- only: all

update rooms set (last_message_id, last_message_at, last_message_content) =
    (select c.last_message_id, c.last_message_at, c.last_message_content from contacts c
     where c.room_id = rooms.room_id order by c.last_message_id desc limit 1)
    where exists (select 1 from contacts c where c.room_id = rooms.room_id);
-- Who joined behind the room's last message did not see it.
update contacts set joined_after = (select r.last_message_id from rooms r where r.room_id = contacts.room_id)
    where last_message_id = 0;
