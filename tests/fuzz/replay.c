/* replay.c: runs a fuzz target over files and folders of inputs, for builds without
 * libFuzzer: so every seed is a test under any compiler. */
#include "tests/fuzz/fuzz.h"
#include <ftw.h>
#include <stdio.h>

#define INPUT_MAX_BYTES ((size_t)1 << 20)

static int replay(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)where;
    if (type != FTW_F)
        return 0;
    FILE *f = fopen(path, "rbe");
    uint8_t *read = malloc(INPUT_MAX_BYTES);
    check(f && read);
    size_t n = fread(read, 1, INPUT_MAX_BYTES, f);
    fclose(f);
    uint8_t *data = malloc(n ? n : 1); /* of its own size: reading past it shows */
    check(data);
    memcpy(data, read, n);
    free(read);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(data, n);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    for (int i = 1; i < argc; i++)
        failed |= nftw(argv[i], replay, 8, FTW_PHYS) != 0;
    return failed;
}
