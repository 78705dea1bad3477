/* feedback_entry.h: one entry of the event stream becomes events, or a refusal. Pure.
 *
 * An entry is either the fields of one plain event, or one field `e` with the JSON of
 * an event in any accepted format, or of an array of them. A bad event of an array is
 * refused alone; an entry without any good event is refused whole.
 *
 * No user's id leaves here: an event has its pseudonym (under `secret`), and in what is
 * refused the members that name users are blanked. Of a text that is not JSON, and of a
 * field that no event has, nobody can tell what they hold: they are kept as they came.
 */
#ifndef BARKER_WORKERS_FEEDBACK_FEEDBACK_ENTRY_H
#define BARKER_WORKERS_FEEDBACK_FEEDBACK_ENTRY_H

#include "core/base/arena.h"
#include "core/io/redis.h"
#include "queues/events.h"

#define FEEDBACK_WORDS_MAX 32 /* more fields than that: some are unknown or double */

struct feedback_refusal {
    struct err_detail why;
    const char *raw; /* what was refused, as it came but for its users */
    size_t raw_len;
};
/* Strings live in the arena. */
struct feedback_entry {
    struct events_item items[EVENTS_BATCH_MAX];
    int count;
    struct feedback_refusal refused[EVENTS_BATCH_MAX];
    int refused_count;
    bool whole; /* refused[0] is the entry itself; count is 0 */
};

/* words: field, value, field, value …, each followed by a NUL that len does not count.
 * Fails with ERR_NOMEM only. */
enum err feedback_entry_read(const struct redis_arg *words, size_t count,
                             const char *secret, struct arena *a,
                             struct feedback_entry *out) MUST_USE;

#endif
