/* words_en.c: English words and patterns of the simulated model. */
#include "tests/llmsim/sim_lang.h"

#define LIST(name)                                                                     \
    {                                                                                  \
        (name), sizeof(name) / sizeof((name)[0])                                       \
    }

static const char *const products[] = {
    "this season's pick", "our new arrival",  "the everyday essential",
    "our latest range",   "the new favorite",
};

static const char *const openers[] = {
    "A small change for your day",
    "Made for the way you live",
    "Good things, kept simple",
    "Your next favorite is here",
    "Some things just fit",
    "Start the week differently",
    "Thoughtful design, daily use",
    "Little details matter",
    "Less fuss, more living",
    "Something worth coming home to",
    "Fresh ideas for familiar days",
    "Built around real routines",
    "Treat yourself to a better habit",
    "Here is to easy choices",
    "Bring a little joy along",
    "New in, and ready for you",
    "Chosen with care",
    "Comfort meets character",
    "A quiet upgrade",
    "Plan less, enjoy more",
    "Take the scenic route",
    "Simple can be special",
    "Made to be used, not stored",
    "The thoughtful choice",
    "Ideas that travel well",
    "Room for what you love",
};

static const char *const questions[] = {
    "Ready for something new",
    "Tired of the usual",
    "Need a simple win this week",
    "Still looking for the right fit",
    "Who says routine has to be dull",
    "What would make today easier",
    "Thinking about a fresh start",
    "Busy week ahead",
    "Want one less thing to worry about",
    "Looking for a gift that gets used",
    "Could your mornings run smoother",
    "Time to retire the old one",
    "Heading out soon",
    "Missing that finishing touch",
    "Curious what the fuss is about",
    "Packing light this time",
    "Feeling like a change",
    "Why settle for almost right",
};

static const char *const verbs[] = {
    "bring calm to busy mornings",
    "turn small moments into good ones",
    "keep your plans on track",
    "make room for what matters",
    "take the rush out of the day",
    "fit right into your routine",
    "follow you from desk to dinner",
    "add comfort without the clutter",
    "help you get going with a smile",
    "carry you through long afternoons",
    "make sharing feel easy",
    "give every corner some character",
    "go wherever the weekend leads",
    "lighten the load on busy days",
    "look good and work hard",
    "settle in like an old friend",
    "lift an ordinary evening",
    "save you from second guessing",
    "do more with less fuss",
    "keep things neat and close at hand",
    "set the tone for a good day",
    "make leaving the house simpler",
    "bring people around one table",
    "stand up to daily life",
    "feel right from the first use",
    "turn waiting into a pause you enjoy",
    "suit the quiet days and the loud ones",
    "hold its own in any season",
    "make a thoughtful gift",
    "give you back a little time",
};

static const char *const nouns[] = {
    "a calmer start to the day",
    "comfort you can feel",
    "an easier routine",
    "everyday quality",
    "a touch of color",
    "details that last",
    "a lighter way to travel",
    "good taste, made simple",
    "more time for yourself",
    "a warm welcome home",
    "style without the effort",
    "fewer worries",
    "weekend energy",
    "a fresh look",
    "honest materials",
    "the joy of small things",
    "simple pleasures",
    "a gift with meaning",
    "smart choices",
    "a cozy evening",
    "peace of mind",
    "room to breathe",
    "a friendly habit",
    "clean lines",
    "a little adventure",
    "steady company",
    "your own rhythm",
    "a well earned break",
    "bright ideas",
    "practical charm",
};

static const char *const moments[] = {
    "on the way to work",   "from the first cup on", "at home and away",
    "all through the week", "when it counts",        "after a long day",
    "rain or shine",        "before the day begins", "on lazy Sundays",
    "between two meetings", "with people you like",  "on every trip",
    "at your own pace",     "around the table",      "in the middle of the rush",
    "wherever you are",     "as the season turns",   "on nights in",
    "out in the open",      "one day at a time",
};

static const char *const adjectives[] = {
    "simple", "light",   "warm",    "bright",  "practical", "calm",
    "neat",   "playful", "sturdy",  "modern",  "relaxed",   "thoughtful",
    "soft",   "handy",   "elegant", "compact", "friendly",  "smooth",
    "fresh",  "natural", "clever",  "cozy",    "versatile", "quiet",
};

static const char *const actions[] = {
    "Take a look today",
    "See it for yourself",
    "Find yours",
    "Discover more",
    "Shop the collection",
    "Try it this week",
    "Come and see",
    "Choose your color",
    "Pick your favorite",
    "Learn more",
    "Add it to your day",
    "Start here",
    "Make it yours",
    "Browse the range",
    "Give it a try",
    "Join us",
    "Explore the details",
    "Get to know it",
    "Treat someone today",
    "Plan your next one",
    "Have a closer look",
    "Tap to see how",
    "Order when it suits you",
    "Say hello to it",
};

static const char *const copy[] = {
    "%o. %p can %v. %c.",
    "%q? Let %p %v. %c.",
    "%p: %n, %m. %c.",
    "%o: %p, made to %v.",
    "Looking for %n? %p can %v. %c.",
    "%c and let %p %v, %m.",
    "For %n, start with %p. %c.",
    "Meet %p: %a, %a and made to %v.",
    "%q? %o with %p. %c.",
    "%p. %n, %m.",
    "%m, %p can %v. %c.",
    "Choose %p for %n. %c.",
    "%a days call for %n. Let %p %v.",
    "%o. Think %n, %m, with %p.",
    "%w, %n and %p. %c.",
    "%w meets %n: %p can %v, %m.",
    "Say yes to %n. %p is here to %v.",
    "%q? Picture %n, %m. %p.",
    "%a by design, %a by nature: %p. %c.",
    "Made for %n: %p can %v.",
};

static const char *const titles[] = {
    "%p: %n", "%n with %p",    "%q?",        "Meet %p",   "%n, %m",    "%o with %p",
    "%p, %m", "%a and %a: %p", "%o",         "Hello, %n", "%p for %n", "Let %p %v",
    "%w, %m", "%q? Meet %p",   "%a, %a, %p", "%n. %c",
};

static const char *const calls[] = {"%c", "%c", "%c", "%c, %m"};

static const char *const reasons[] = {
    "It leads with %n, which suits the angle.",
    "Readers meet it %m, so it stays %a and %a.",
    "The question pulls the reader towards %n.",
    "It names %p early and ends with a clear next step.",
    "A %a tone supports %n without a hard promise.",
    "It shows how %p can %v.",
    "The text links %p with %n, %m.",
};

static const char *const names[] = {
    "%n",     "%n, %m",    "%a and %a",      "%n for %a days",
    "%w: %n", "how to %v", "%a moments, %m", "%p as %n",
};

static const char *const tiny[] = {
    "%c",   "%n",    "%p",    "%a",    "%a and %a", "%a, %a",  "%a %w",
    "Now",  "New",   "Go",    "Yes",   "Hi",        "For you", "Just in",
    "Look", "Enjoy", "Hello", "Ready", "Today",     "Fresh",   "Easy",
};

const struct sim_lang sim_lang_en = {
    .space = " ",
    .products = LIST(products),
    .openers = LIST(openers),
    .questions = LIST(questions),
    .verbs = LIST(verbs),
    .nouns = LIST(nouns),
    .moments = LIST(moments),
    .adjectives = LIST(adjectives),
    .actions = LIST(actions),
    .copy = LIST(copy),
    .titles = LIST(titles),
    .calls = LIST(calls),
    .reasons = LIST(reasons),
    .names = LIST(names),
    .tiny = LIST(tiny),
};
