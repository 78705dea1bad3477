/* content.c: the kind `content`: angles → generate → review → live → generate … */
#include "campaigns/kinds/content/content.h"
#include "campaigns/prompts/prompt.h"

static const struct stage stages[] = {
    {"angles", content_angles_plan, NULL, content_angles_finish},
    {"generate", content_write_plan, content_write_accept, content_write_finish},
    {"review", content_review_plan, NULL, content_review_finish},
    {"live", content_review_plan, NULL, content_live_finish},
    {NULL, NULL, NULL, NULL},
};

const struct kind kind_content = {
    .name = "content",
    .meaning =
        "copy for channels: generated, checked, reviewed, served, ranked, renewed",
    .stages = stages,
    .check_input = content_input_check,
    .calls_later = content_calls_later,
    .version = prompt_version,
    .counting_stage = "live",
};
