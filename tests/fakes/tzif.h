/* tzif.h: the bytes of a small TZif file (RFC 9636), as a test wants them. */
#ifndef BARKER_TESTS_TZIF_H
#define BARKER_TESTS_TZIF_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TZIF_MAX_BYTES 16384

struct tzif {
    char version;
    uint32_t leaps; /* told in the header; none is written */
    const int64_t *changes;
    const uint8_t *kinds; /* of each change */
    uint32_t change_count;
    const int32_t *offsets; /* of each kind */
    uint32_t kind_count;
    const char *footer; /* with its line feeds */
};

static inline unsigned char *tzif_put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    return at + bytes;
}

static inline unsigned char *tzif_header(unsigned char *at, const struct tzif *t)
{
    memset(at, 0, 44);
    memcpy(at, "TZif", 4);
    at[4] = (unsigned char)t->version;
    tzif_put(at + 28, t->leaps, 4);
    tzif_put(at + 32, t->change_count, 4);
    tzif_put(at + 36, t->kind_count, 4);
    tzif_put(at + 40, 4, 4);
    return at + 44;
}

/* Returns the bytes written at out, of TZIF_MAX_BYTES. The block of version 1 holds one
 * kind and no change. */
static inline size_t tzif_write(const struct tzif *t, unsigned char *out)
{
    struct tzif old = {.version = t->version, .kind_count = 1};
    unsigned char *at = tzif_header(out, &old);
    memset(at, 0, 10);
    at = tzif_header(at + 10, t);
    for (uint32_t i = 0; i < t->change_count; i++)
        at = tzif_put(at, (uint64_t)t->changes[i], 8);
    for (uint32_t i = 0; i < t->change_count; i++)
        *at++ = t->kinds[i];
    for (uint32_t i = 0; i < t->kind_count; i++)
        at = tzif_put(tzif_put(at, (uint32_t)t->offsets[i], 4), 0, 2);
    memcpy(at, "ABC", 4);
    memcpy(at + 4, t->footer, strlen(t->footer));
    return (size_t)(at + 4 - out) + strlen(t->footer);
}

#endif
