/* Which addresses are checked, which one media goes to, and what has to go when all places are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rig.h"
#include "rtc/ice.h"

static void test_first_is_selected_until_nomination(void **state)
{
    (void)state;
    struct ice ice;
    ice_init(&ice);
    assert_null(ice_remote(&ice));
    struct addr a = rig_addr("192.0.2.1", 1), b = rig_addr("192.0.2.1", 2);
    ice_nominate(&ice, &a, 5); /* not checked: nothing happens */
    assert_null(ice_remote(&ice));
    ice_add(&ice, &a, 10);
    ice_add(&ice, &b, 20);
    assert_true(addr_is_equal(ice_remote(&ice), &a));
    ice_nominate(&ice, &b, 30);
    assert_true(addr_is_equal(ice_remote(&ice), &b));
    ice_nominate(&ice, &a, 40);
    assert_true(addr_is_equal(ice_remote(&ice), &a));
}

static void test_removal_keeps_the_selection(void **state)
{
    (void)state;
    struct addr addrs[4];
    for (unsigned gone = 0; gone < 4; gone++) {
        struct ice ice;
        ice_init(&ice);
        for (uint16_t i = 0; i < 4; i++) {
            addrs[i] = rig_addr("192.0.2.1", (uint16_t)(i + 1));
            ice_add(&ice, &addrs[i], i);
        }
        ice_nominate(&ice, &addrs[3], 9);
        ice_remove(&ice, &addrs[gone]);
        assert_null(ice_find(&ice, &addrs[gone]));
        assert_int_equal(ice.count, 3);
        if (gone == 3)
            assert_null(ice_remote(&ice));
        else
            assert_true(addr_is_equal(ice_remote(&ice), &addrs[3]));
    }
}

static void test_victim(void **state)
{
    (void)state;
    struct ice ice;
    ice_init(&ice);
    struct addr addrs[TRANSPORT_TUPLES_MAX];
    for (uint16_t i = 0; i < TRANSPORT_TUPLES_MAX; i++) {
        assert_null(ice_victim(&ice));
        addrs[i] = rig_addr("192.0.2.1", (uint16_t)(i + 1));
        ice_add(&ice, &addrs[i], 100u + i);
    }
    /* 0 is in use, 1 is the oldest of the rest but proven */
    ice_prove(&ice, ice_find(&ice, &addrs[1]), 50);
    assert_true(addr_is_equal(&ice_victim(&ice)->addr, &addrs[2]));
    for (unsigned i = 2; i < TRANSPORT_TUPLES_MAX; i++)
        ice_prove(&ice, ice_find(&ice, &addrs[i]), 200);
    assert_true(addr_is_equal(&ice_victim(&ice)->addr, &addrs[1]));
}

static void test_transactions(void **state)
{
    (void)state;
    struct ice ice;
    ice_init(&ice);
    struct addr a = rig_addr("192.0.2.1", 1), b = rig_addr("192.0.2.2", 1);
    uint8_t id[ICE_STUN_ID_LEN] = {0};
    assert_true(ice_note_id(&ice, id, &a)); /* also the id of all zeros */
    assert_true(ice_note_id(&ice, id, &a));
    assert_false(ice_note_id(&ice, id, &b));
    for (uint8_t i = 1; i < ICE_IDS_MAX; i++) {
        id[0] = i;
        assert_true(ice_note_id(&ice, id, &b));
    }
    id[0] = 0;
    assert_false(ice_note_id(&ice, id, &b)); /* still remembered */
    id[0] = ICE_IDS_MAX;
    assert_true(ice_note_id(&ice, id, &b));
    id[0] = 0;
    assert_true(ice_note_id(&ice, id, &b)); /* bounded memory */
}

static void test_strict_rules_at_the_keys(void **state)
{
    (void)state;
    struct ice ice;
    ice_init(&ice);
    struct addr real = rig_addr("192.0.2.1", 1), other = rig_addr("203.0.113.1", 1);
    ice_add(&ice, &real, 1);
    ice_add(&ice, &other, 1);
    ice_nominate(&ice, &other, 1); /* by a replay, perhaps */
    assert_true(addr_is_equal(ice_remote(&ice), &other));
    ice_set_strict(&ice, ice_find(&ice, &real), 2); /* but the handshake came from here */
    assert_true(addr_is_equal(ice_remote(&ice), &real));
    ice_nominate(&ice, &other, 3);
    assert_true(addr_is_equal(ice_remote(&ice), &real));
    ice_prove(&ice, ice_find(&ice, &other), 4);
    assert_true(addr_is_equal(ice_remote(&ice), &other));
    /* proven addresses move at once; a pending one that is removed is forgotten */
    ice_nominate(&ice, &real, 5);
    assert_true(addr_is_equal(ice_remote(&ice), &real));
    struct addr third = rig_addr("192.0.2.3", 1);
    ice_add(&ice, &third, 6);
    ice_nominate(&ice, &third, 6);
    ice_remove(&ice, &third);
    assert_false(ice.has_pending);
    ice_add(&ice, &third, 7);
    ice_nominate(&ice, &third, 7 + ICE_SILENT_US + 5);
    assert_true(addr_is_equal(ice_remote(&ice), &third));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_is_selected_until_nomination),
        cmocka_unit_test(test_removal_keeps_the_selection),
        cmocka_unit_test(test_victim),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_strict_rules_at_the_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
