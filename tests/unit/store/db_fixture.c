/* Fresh databases for tests. */
#include "db_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "store/user.h"

static void must_set(struct conf *conf, const char *path, const char *value)
{
    char error[CONF_ERROR_MAX];
    if (conf_set(conf, path, value, error))
        fail_msg("%s", error);
}

static void on_server(const char *verb, const char *schema, const char *how)
{
    const char *server = getenv("ICHAT_TEST_PG_URL");
    char sql[128];
    struct db *db;
    snprintf(sql, sizeof(sql), "%s schema %s%s", verb, schema, how);
    assert_int_equal(db_open(server, &db), ERR_OK);
    assert_int_equal(db_script(db, sql), ERR_OK);
    db_close(db);
}

static void make_url(struct db_fixture *f)
{
    if (f->kind == DB_SQLITE) {
        snprintf(f->url, sizeof(f->url), "sqlite:%s/test.db", f->dir);
        return;
    }
    const char *server = getenv("ICHAT_TEST_PG_URL");
    if (!server)
        fail_msg("ICHAT_TEST_PG_URL is not set: run this by tests/pg.sh run");
    /* A schema of its own on the shared server is as good as a database of its own, and faster. */
    rand_alnum(f->schema, 16);
    for (char *c = f->schema; *c; c++)
        *c = (char)('a' + *c % 26);
    on_server("create", f->schema, "");
    snprintf(f->url, sizeof(f->url), "%s&options=-csearch_path%%3D%s", server, f->schema);
}

int db_fixture_setup(void **state)
{
    log_set_level(LOG_ERROR);
    struct db_fixture *f = mem_calloc(1, sizeof(*f));
    f->kind = (enum db_kind)(uintptr_t)*state;
    snprintf(f->dir, sizeof(f->dir), "/tmp/ichat-test.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    make_url(f);
    char error[CONF_ERROR_MAX];
    assert_int_equal(conf_load(NULL, &f->conf, error), ERR_OK);
    must_set(f->conf, "data.dir", f->dir);
    must_set(f->conf, "database.url", f->url);
    assert_int_equal(db_open(f->url, &f->db), ERR_OK);
    assert_int_equal(db_migrate(f->db), ERR_OK);
    *state = f;
    return 0;
}

int db_fixture_teardown(void **state)
{
    struct db_fixture *f = *state;
    db_close(f->db);
    if (f->kind == DB_POSTGRES)
        on_server("drop", f->schema, " cascade");
    conf_free(f->conf);
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

struct db *db_of(void **state)
{
    return ((struct db_fixture *)*state)->db;
}

uint64_t db_fixture_user(struct db *db, const char *name, int64_t now_us)
{
    uint64_t id = 0;
    assert_int_equal(db_user_insert(db, name, "hash", name, "", now_us, &id), ERR_OK);
    return id;
}
