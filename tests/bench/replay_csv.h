/* replay_csv.h: past A/B tests from a CSV file, plain or gzip, with the columns
 * test_id, impressions, clicks and test_week (YYYYWW); others are ignored. Rows of one
 * test stand together. RFC 4180: quoted fields may hold commas, quotes and line ends.
 */
#ifndef BARKER_TESTS_BENCH_REPLAY_CSV_H
#define BARKER_TESTS_BENCH_REPLAY_CSV_H

#include <stddef.h>
#include <stdint.h>

#define REPLAY_ARMS_MAX 64

struct replay_test {
    char id[64];
    int week, count;
    int64_t impressions[REPLAY_ARMS_MAX], clicks[REPLAY_ARMS_MAX];
};
struct replay_tests {
    struct replay_test *test; /* owns; in an order that depends on the ids alone */
    size_t count;
};

/* Loads the tests that can be replayed: two arms or more, each of them shown, and a
 * click; not of the weeks 201325-201352, 201400 and 201401, in which the randomisation
 * of the Upworthy archive was broken. Ends the program with a message if the file is
 * not as said above. */
void replay_load(struct replay_tests *tests, const char *path);
void replay_free(struct replay_tests *tests);

#endif
