-- On PostgreSQL half of the time of a message to a large room went to looking up the user and the message of each row of
-- deliveries. There is nothing to find: the users come out of contacts, whose owners are checked, the message is of the
-- same transaction, and an import looks both up itself. Nothing deletes users or messages, so `on delete cascade` never
-- ran; who ever adds that deletes their deliveries first, in the same transaction.
-- SQLite keeps the two rules.

-- only: postgresql
-- Other servers may be at work on this database, and all three tables are locked for an instant. Writers take messages
-- before deliveries, readers deliveries before messages. So first writers alone are kept away, by a lock that readers do
-- not mind, then readers, at the table that they take first; nobody then holds one table and waits for another. A longer
-- transaction may still do otherwise, hence timeouts shorter than the second after which PostgreSQL ends a deadlock by an
-- error for either side. Later ones are longer: it takes a second to send an autovacuum away.
do $$
begin
    for attempt in 1 .. 15 loop
        begin
            perform set_config('lock_timeout', (attempt * 200) || 'ms', true);
            lock table messages in share mode;
            lock table deliveries, messages, users in access exclusive mode;
            alter table deliveries
                drop constraint if exists deliveries_user_id_fkey,
                drop constraint if exists deliveries_message_id_fkey;
            return;
        exception when lock_not_available or deadlock_detected then
            perform pg_sleep(0.1); -- what waited for us goes on meanwhile
        end;
    end loop;
    raise exception 'messages, deliveries or users are locked by somebody else for long';
end $$;
-- only: all
