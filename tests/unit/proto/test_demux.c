/* RFC 7983 section 7: the whole table of first bytes, and RTCP's second bytes. */
#include "proto/demux.h"
#include "tool.h"

static enum packet_kind wanted(unsigned first, unsigned second)
{
    if (first < 4)
        return PACKET_STUN;
    if (first >= 20 && first < 64)
        return PACKET_DTLS;
    if (first >= 128 && first < 192)
        return second >= 192 && second < 224 ? PACKET_RTCP : PACKET_RTP;
    return PACKET_OTHER;
}

static void every_pair_of_bytes(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            uint8_t packet[2] = {(uint8_t)first, (uint8_t)second};
            assert_int_equal(packet_classify(packet, 2), wanted(first, second));
        }
    }
}

static void short_packets_are_other(void **state)
{
    (void)state;
    uint8_t byte = 0x80;
    assert_int_equal(packet_classify(NULL, 0), PACKET_OTHER);
    assert_int_equal(packet_classify(&byte, 0), PACKET_OTHER);
    assert_int_equal(packet_classify(&byte, 1), PACKET_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_pair_of_bytes),
                                       cmocka_unit_test(short_packets_are_other)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
