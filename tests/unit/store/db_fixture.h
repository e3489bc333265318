/* Fresh databases for tests, of both kinds. PostgreSQL comes from ICHAT_TEST_PG_URL (tests/pg.sh run ...); without it
 * the tests fail rather than pass untested.
 *
 *     const struct CMUnitTest tests[] = {BOTH(test_a), BOTH(test_b)};      each runs on SQLite and on PostgreSQL
 *     static void test_a(void **state) { struct db_fixture *f = *state; ... f->url ... } */
#ifndef ICHAT_TESTS_DB_FIXTURE_H
#define ICHAT_TESTS_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the standard headers that it needs */
#include <cmocka.h>

#include "base/conf.h"
#include "store/db.h"

struct db_fixture {
    enum db_kind kind;
    char dir[64]; /* a temporary directory, also the data.dir of conf */
    char url[512];
    char schema[40];
    struct conf *conf; /* defaults, with url, dir and cheap hashes */
    struct db *db;     /* open and migrated */
};

int db_fixture_setup(void **state);
int db_fixture_teardown(void **state);

struct db *db_of(void **state);
/* A user of that name, made at `now_us`; his id. */
uint64_t db_fixture_user(struct db *db, const char *name, int64_t now_us);

#define BOTH(f)                                                                                                        \
    {#f " (sqlite)", f, db_fixture_setup, db_fixture_teardown, (void *)(uintptr_t)DB_SQLITE},                          \
    {                                                                                                                  \
#f " (postgresql)", f, db_fixture_setup, db_fixture_teardown, (void *)(uintptr_t)DB_POSTGRES                   \
    }

#endif
