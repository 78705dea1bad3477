/* document.h: the whole result of a campaign as one JSON document ("schema": 1). */
#ifndef BARKER_WORKERS_LIVE_DOCUMENT_H
#define BARKER_WORKERS_LIVE_DOCUMENT_H

#include "campaigns/kind.h"
#include "core/base/buf.h"

enum err document_write(const struct campaign *c, struct buf *out) MUST_USE;

#endif
