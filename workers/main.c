/* main.c: the barker program. */
#include "workers/cli/cli.h"
#include <sys/prctl.h>

int main(int argc, char **argv)
{
    /* Keys of endpoints are in memory, in the environment at the least: no core file,
     * and no look inside for other processes of the same user. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return cli_main(argc, argv);
}
