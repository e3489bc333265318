/* Opening UDP sockets. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/udp.h"

static void exchange(const char *bind_ip, const char *to_ip, const char *from_ip)
{
    int server, client;
    uint16_t port, client_port;
    bool has_gso, has_gro;
    struct udp_opts opts = {.bind_ip = bind_ip, .rcvbuf_bytes = 1 << 20, .sndbuf_bytes = 1 << 20};
    assert_int_equal(udp_open(&opts, &server, &port, &has_gso, &has_gro), ERR_OK);
    assert_false(has_gro);
    assert_true(port > 0);
    opts.bind_ip = from_ip;
    assert_int_equal(udp_open(&opts, &client, &client_port, &has_gso, &has_gro), ERR_OK);
    assert_true(fcntl(server, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(server, F_GETFD) & FD_CLOEXEC);

    struct addr to, from;
    struct sockaddr_storage sa;
    assert_int_equal(addr_parse(&to, to_ip, port), ERR_OK);
    socklen_t len = addr_to_sockaddr6(&to, &sa);
    assert_int_equal(sendto(client, "ping", 4, 0, (struct sockaddr *)&sa, len), 4);
    struct pollfd wait = {.fd = server, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 5000), 1);
    char bytes[8];
    len = sizeof(sa);
    assert_int_equal(recvfrom(server, bytes, sizeof(bytes), 0, (struct sockaddr *)&sa, &len), 4);
    assert_int_equal(addr_from_sockaddr(&from, (struct sockaddr *)&sa, len), ERR_OK);
    assert_int_equal(from.port, client_port);
    assert_int_equal(addr_is_v4(&from), addr_is_v4(&to));
    close(server);
    close(client);
}

static void test_families(void **state)
{
    (void)state;
    exchange("", "127.0.0.1", "127.0.0.1");
    exchange(NULL, "::1", "::1");
    exchange("::", "::1", "");
    exchange("127.0.0.1", "127.0.0.1", "");
    exchange("0.0.0.0", "127.0.0.1", "127.0.0.1");
    exchange("::1", "::1", "::1");
}

static void test_taken_port(void **state)
{
    (void)state;
    int a, b;
    uint16_t port, other = 0;
    bool has_gso, has_gro;
    struct udp_opts opts = {.bind_ip = "127.0.0.1", .wants_gro = true};
    assert_int_equal(udp_open(&opts, &a, &port, &has_gso, &has_gro), ERR_OK);
    opts.port = port;
    assert_int_equal(udp_open(&opts, &b, &other, &has_gso, &has_gro), ERR_EXISTS);
    close(a);
    opts.bind_ip = "localhost";
    assert_int_equal(udp_open(&opts, &b, &other, &has_gso, &has_gro), ERR_INVALID);
    opts.bind_ip = "192.0.2.1"; /* documentation address: nobody has it */
    assert_int_equal(udp_open(&opts, &b, &other, &has_gso, &has_gro), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_families), cmocka_unit_test(test_taken_port)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
