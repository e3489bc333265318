-- Uploads: which ones are used by anything, and which are to be removed. What an older version stored has no row and
-- is left alone.

create table files (
    name text primary key, -- in the directory of uploads; rows refer to it as file/<name>
    size bigint not null,
    used integer not null default 0,
    created_at bigint not null
);
create index files_unused on files (created_at) where used = 0;

-- Decided in the transaction that took the last use away, done after its commit; what a crash left undone is done at the
-- next start.
create table file_removals (
    name text primary key,
    created_at bigint not null
);

-- Who uses file/<name>? Only the beginning, since any text may stand there, and an index has its limits.
create index messages_by_image on messages (substr(image, 1, 80)) where image <> '';
create index users_by_avatar on users (substr(avatar, 1, 80)) where avatar <> '';
create index chat_groups_by_avatar on chat_groups (substr(avatar, 1, 80)) where avatar <> '';
create index settings_by_wallpaper on settings (substr(wallpaper, 1, 80)) where wallpaper <> '';
