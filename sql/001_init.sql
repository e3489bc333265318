-- The first schema, for SQLite and PostgreSQL alike. $ID$ is the dialect's growing primary key, times are microseconds
-- since 1970 UTC, booleans 0 or 1.

create table users (
    user_id $ID$,
    username text not null,
    username_key text not null unique, -- lower case: names are unique without regard to case
    password_hash text not null,
    nickname text not null,
    avatar text not null,
    enabled integer not null default 1,
    created_at bigint not null,
    updated_at bigint not null
);

create table logins (
    login_id text primary key,
    user_id bigint not null references users (user_id) on delete cascade,
    login_at bigint not null,
    expire_at bigint not null
);
create index logins_by_user on logins (user_id);
create index logins_by_expiry on logins (expire_at);

create table settings (
    user_id bigint primary key references users (user_id) on delete cascade,
    wallpaper text not null,
    created_at bigint not null,
    updated_at bigint not null
);

create table rooms (
    room_id $ID$,
    name text not null unique, -- u-<smaller user>-<larger user> or g-<group>
    created_at bigint not null
);

create table chat_groups (
    group_id $ID$,
    owner_id bigint not null references users (user_id),
    room_id bigint references rooms (room_id), -- null only within the transaction that makes the group
    name text not null,
    avatar text not null,
    created_at bigint not null,
    updated_at bigint not null
);

create table group_members (
    member_id $ID$, -- the order of joining
    group_id bigint not null references chat_groups (group_id) on delete cascade,
    user_id bigint not null references users (user_id) on delete cascade,
    created_at bigint not null,
    unique (group_id, user_id)
);

-- Each user owns his own row. Exactly one of user_id and group_id is set. The owners of a room's rows are the room's
-- members: there is no second list that could disagree.
create table contacts (
    contact_id $ID$,
    owner_id bigint not null references users (user_id) on delete cascade,
    user_id bigint references users (user_id) on delete cascade,
    group_id bigint references chat_groups (group_id) on delete cascade,
    room_id bigint not null references rooms (room_id),
    status integer not null,
    last_message_id bigint not null default 0,
    last_message_at bigint,
    last_message_content text not null default '',
    created_at bigint not null,
    updated_at bigint not null,
    check ((user_id is null) <> (group_id is null))
);
create unique index contacts_user on contacts (owner_id, user_id) where user_id is not null;
create unique index contacts_group on contacts (owner_id, group_id) where group_id is not null;
create unique index contacts_room on contacts (room_id, owner_id);
create index contacts_by_owner on contacts (owner_id, updated_at);

create table contact_requests (
    request_id $ID$,
    requester_id bigint not null references users (user_id) on delete cascade,
    user_id bigint not null references users (user_id) on delete cascade,
    pair text not null, -- the name of the room that they would share
    status integer not null,
    expire_at bigint not null,
    created_at bigint not null,
    updated_at bigint not null
);
create unique index contact_requests_pending on contact_requests (pair) where status = 1;
create index contact_requests_by_user on contact_requests (user_id, status);

create table messages (
    message_id $ID$,
    room_id bigint not null references rooms (room_id),
    sender_id bigint not null references users (user_id),
    type integer not null,
    text text not null,
    image text not null,
    thumbnail text not null,
    call_id bigint not null default 0,
    revoked integer not null default 0,
    created_at bigint not null,
    updated_at bigint not null
);
create index messages_by_room on messages (room_id, message_id);

-- One row for each time that a message or a change of it was handed to a user.
create table deliveries (
    delivery_id $ID$,
    user_id bigint not null references users (user_id) on delete cascade,
    message_id bigint not null references messages (message_id) on delete cascade,
    created_at bigint not null
);
create index deliveries_by_user on deliveries (user_id, delivery_id);

create table calls (
    call_id $ID$,
    caller_id bigint not null references users (user_id),
    message_id bigint not null references messages (message_id),
    room_id bigint not null references rooms (room_id),
    members text not null, -- JSON array of user ids, the caller first
    status integer not null,
    start_at bigint,
    end_at bigint,
    end_reason integer not null default 0,
    node text not null, -- the process that runs the call
    created_at bigint not null,
    updated_at bigint not null
);
create index calls_open on calls (node) where status <> 4;
