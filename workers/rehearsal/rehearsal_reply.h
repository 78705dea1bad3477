/* rehearsal_reply.h: replies that a kind will accept. Internal to rehearsal.c. */
#ifndef BARKER_WORKERS_REHEARSAL_REHEARSAL_REPLY_H
#define BARKER_WORKERS_REHEARSAL_REHEARSAL_REPLY_H

#include "campaigns/kind.h"
#include "core/base/buf.h"

/* A reply to the ask that its schema and `accept` let pass, unlike those of other
 * numbers. Lengths are tried until one fits; if none does, ERR_UNSATISFIABLE with what
 * was objected to. */
enum err rehearsal_reply(const struct campaign *c, const struct stage *stage,
                         const struct ask *ask, uint64_t number, struct buf *out,
                         struct err_detail *d) MUST_USE;

#endif
