/* spec_brand.c: how the brand speaks. */
#include "campaigns/spec_reader.h"

static enum err brand_voice(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    return spec_read_text(r, j, path, 1000, &r->spec->voice);
}
static enum err brand_say(struct spec_reader *r, const struct json *j, const char *path)
{
    return spec_read_texts(r, j, path, r->spec->say, 64, &r->spec->say_count);
}
static enum err brand_never(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    return spec_read_texts(r, j, path, r->spec->never, 64, &r->spec->never_count);
}
static enum err brand_terms(struct spec_reader *r, const struct json *j,
                            const char *path)
{
    const char *terms[64];
    int count;
    enum err e = spec_read_texts(r, j, path, terms, 64, &count);
    if (!e && count)
        spec_warn(r->spec, "/brand/terms",
                  "exceptions from claims rules: there are none "
                  "to except from in this version");
    return e;
}
enum err spec_read_brand(struct spec_reader *r, const struct json *j, const char *path)
{
    static const struct spec_row rows[] = {{"voice", brand_voice},
                                           {"say", brand_say},
                                           {"never", brand_never},
                                           {"terms", brand_terms},
                                           {NULL, NULL}};
    return spec_read_object(r, j, path, rows);
}
