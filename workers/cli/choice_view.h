/* choice_view.h: a placement as Redis has it now, ready to choose from. */
#ifndef BARKER_WORKERS_CLI_CHOICE_VIEW_H
#define BARKER_WORKERS_CLI_CHOICE_VIEW_H

#include "workers/cli/view.h"
#include "workers/decide/choice.h"

struct choice_view {
    struct json *campaign, *placements, *variants; /* **owns** */
    struct choice_set set;                         /* borrows from them */
};

/* Read once: later changes do not show. placement NULL: the only one. Returns an exit
 * code and has said what is wrong; choice_view_fini() either way. */
int choice_view_read(struct choice_view *v, struct session *s, const char *id,
                     const char *placement);
void choice_view_fini(struct choice_view *v);

#endif
