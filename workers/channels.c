/* channels.c: reads the user's channel table, if there is one. */
#include "workers/channels.h"
#include "core/io/file.h"

#define TABLE_MAX_BYTES ((size_t)1 << 20)

enum err channels_load(const struct config *c, struct channel_set **out,
                       struct err_detail *d)
{
    const char *path = config_str(c, "content", "channels");
    *out = NULL;
    if (!*path)
        return channel_set_new(NULL, out, d);
    struct buf text;
    struct err_detail inside = {.path = ""};
    buf_init(&text, TABLE_MAX_BYTES);
    enum err e = file_read(path, &text, d);
    if (!e) {
        e = channel_set_new(buf_str(&text), out, &inside);
        if (e)
            e = err_set(d, e, path, "the channel table, at '%.80s': %.150s",
                        inside.path, inside.message);
    }
    buf_fini(&text);
    return e;
}
