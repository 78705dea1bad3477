/* list_test.c: order, removal, and removal while walking. */
#include "core/base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct thing {
    int value;
    struct list link;
};

static int sum_in_order(struct list *head)
{
    int sum = 0;
    list_each (node, head) {
        sum = sum * 10 + list_item(node, struct thing, link)->value;
    }
    return sum;
}

static void test_order_and_removal(void **state)
{
    (void)state;
    struct list head;
    struct thing things[4] = {{.value = 1}, {.value = 2}, {.value = 3}, {.value = 4}};
    list_init(&head);
    assert_true(list_empty(&head));
    for (int i = 0; i < 4; i++)
        list_push(&head, &things[i].link);
    assert_int_equal(sum_in_order(&head), 1234);
    list_remove(&things[1].link);
    list_remove(&things[1].link); /* out already: nothing happens */
    assert_true(list_empty(&things[1].link));
    assert_int_equal(sum_in_order(&head), 134);
    list_push(&head, &things[1].link);
    assert_int_equal(sum_in_order(&head), 1342);
    list_each_safe (node, after, &head) {
        if (list_item(node, struct thing, link)->value % 2 == 0)
            list_remove(node);
    }
    assert_int_equal(sum_in_order(&head), 13);
    list_each_safe (node, after, &head) {
        list_remove(node);
    }
    assert_true(list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_removal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
