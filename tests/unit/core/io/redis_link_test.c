/* redis_link_test.c: host names with several addresses, from a resolver of the test's
 * own. */
#include "core/io/redis.h"
#include "tests/unit/core/io/redis_fixture.h"
#include <netdb.h>

static struct addrinfo *address_new(const char *text, const char *port)
{
    struct sockaddr_in6 *v6 = NULL;
    struct addrinfo *a = calloc(1, sizeof *a + sizeof *v6); /* as freeaddrinfo wants */
    assert_non_null(a);
    a->ai_socktype = SOCK_STREAM;
    a->ai_addr = (struct sockaddr *)(a + 1);
    v6 = (struct sockaddr_in6 *)(void *)a->ai_addr;
    if (strchr(text, ':')) {
        a->ai_family = AF_INET6;
        a->ai_addrlen = sizeof *v6;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)strtol(port, NULL, 10));
        (void)inet_pton(AF_INET6, text, &v6->sin6_addr);
    } else {
        struct sockaddr_in v4 = redis_server_loopback((int)strtol(port, NULL, 10));
        a->ai_family = AF_INET;
        a->ai_addrlen = sizeof v4;
        (void)inet_pton(AF_INET, text, &v4.sin_addr);
        memcpy(a->ai_addr, &v4, sizeof v4);
    }
    return a;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's begin with
 * __ */
/* Takes the place of libc's for libuv. All names but "unknown" have two addresses where
 * nobody listens; "good" has a third. */
int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
                struct addrinfo **out)
{
    (void)hints;
    if (strcmp(name, "unknown") == 0) {
        return EAI_NONAME;
    }
    *out = address_new("127.0.0.2", port); /* the peer listens on 127.0.0.1 only */
    (*out)->ai_next = address_new("::1", port);
    if (strcmp(name, "good") == 0) {
        (*out)->ai_next->ai_next = address_new("127.0.0.1", port);
    }
    return 0;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static void client_start_at(struct client *c, const char *host, int port)
{
    char url[64];
    (void)snprintf(url, sizeof url, "redis://%s:%d", host, port);
    client_start(c, url);
}

static void test_next_address_is_tried(void **state)
{
    (void)state;
    struct client c;
    struct peer p = {.hold = true};
    peer_start(&p);
    client_start_at(&c, "good", p.port);
    client_wait(&c, &c.up);
    assert_int_equal(c.changes, 1); /* the refused addresses are no loss */
    client_stop(&c);
    client_start_at(&c, "bad", p.port);
    client_wait(&c, &c.down);
    assert_true(c.why[0] != '\0');
    client_stop(&c);
    peer_stop(&p);
}

static void test_unknown_name(void **state)
{
    (void)state;
    struct client c;
    client_start_at(&c, "unknown", 1);
    client_wait(&c, &c.down);
    assert_string_equal(c.why, "unknown node or service");
    client_stop(&c);
}

/* Between two addresses, and with the lookup on its thread; the sanitizers judge. */
static void test_free_on_the_way(void **state)
{
    (void)state;
    bool never = false;
    struct client c;
    int port = redis_server_free_port();
    for (int64_t ms = 0; ms < 5; ms++) {
        client_start_at(&c, "bad", port);
        assert_int_equal(loop_run_until(c.loop, &never, ms), ERR_DEADLINE);
        client_stop(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_address_is_tried),
        cmocka_unit_test(test_unknown_name),
        cmocka_unit_test(test_free_on_the_way),
    };
    return cmocka_run_group_tests_name("core/io/redis_link", tests, NULL, NULL);
}
