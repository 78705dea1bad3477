/* who.c: see who.h. */
#include "workers/cli/who.h"
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

const char *who_decides(const struct cli *c, char out[WHO_MAX])
{
    const char *by = cli_option(c, OPTION_by);
    const struct passwd *p = by ? NULL : getpwuid(geteuid());
    if (by)
        return by;
    if (p)
        (void)snprintf(out, WHO_MAX, "%s", p->pw_name);
    else
        (void)snprintf(out, WHO_MAX, "uid %u", (unsigned)geteuid());
    return out;
}
