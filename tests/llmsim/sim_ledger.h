/* sim_ledger.h: who asked what, when: the independent witness of tests ("was this call
 * paid twice?"). Two NDJSON lines a request, the first written when it arrives:
 *   {"n":1,"t_ms":…,"id":"<X-Client-Request-Id>","prompt_sha256":"…","model":"…"}
 *   {"n":1,"id":"…","done":true,"status":200,"t_ms":…,"usage":{…}}
 * prompt_sha256 is over the texts of all messages, each followed by a line feed; ""
 * when the request could not be read. status 0: connection dropped by a fault, 499: the
 * client left before the answer. t_ms is Unix time. Lines are appended to the file, if
 * any, with one write(2) each; the newest 64 MiB are kept in memory as well. */
#ifndef BARKER_TESTS_LLMSIM_SIM_LEDGER_H
#define BARKER_TESTS_LLMSIM_SIM_LEDGER_H

#include "core/base/buf.h"
#include "core/base/hash.h"
#include <stdint.h>

struct sim_usage {
    int64_t prompt_tokens, completion_tokens;
};

struct sim_ledger;
/* path NULL: memory only. */
enum err sim_ledger_new(const char *path, struct sim_ledger **out,
                        struct err_detail *d) MUST_USE;
void sim_ledger_free(struct sim_ledger *l);
enum err sim_ledger_arrive(struct sim_ledger *l, uint64_t n, const char *id,
                           const char *prompt_sha256, const char *model) MUST_USE;
enum err sim_ledger_done(struct sim_ledger *l, uint64_t n, const char *id, int status,
                         const struct sim_usage *usage) MUST_USE;
/* How many requests with this prompt came before; counts this one. */
uint64_t sim_ledger_sample(struct sim_ledger *l, const char *prompt_sha256);
/* All lines kept, as one JSON array, appended to out; failures stay in out. */
void sim_ledger_array(const struct sim_ledger *l, struct buf *out);

#endif
