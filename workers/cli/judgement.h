/* judgement.h: a spec judged by this command's configuration: its channels, and the
 * endpoints and prices, if it names endpoints (else the workers judge those). */
#ifndef BARKER_WORKERS_CLI_JUDGEMENT_H
#define BARKER_WORKERS_CLI_JUDGEMENT_H

#include "campaigns/spec.h"
#include "workers/cli/cli.h"
#include "workers/llm/llm.h"

struct judgement { /* **owns** all of it */
    struct loop *loop;
    struct llm *llm; /* NULL: no endpoints here */
    struct channel_set *channels;
    struct zones *zones;
    struct arena arena;
    struct spec spec;
    struct err_detail detail;  /* code ERR_OK: nothing is against it */
    struct spec_errors errors; /* all of them; the first is `detail` */
};

/* Notes on stderr what is not judged here. To be closed also when it fails. */
enum err judgement_open(struct judgement *j, struct cli *c,
                        const struct buf *text) MUST_USE;
void judgement_close(struct judgement *j);

#endif
