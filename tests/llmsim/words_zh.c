/* words_zh.c: Chinese words and patterns of the simulated model. */
#include "tests/llmsim/sim_lang.h"

#define LIST(name)                                                                     \
    {                                                                                  \
        (name), sizeof(name) / sizeof((name)[0])                                       \
    }

static const char *const products[] = {
    "本季新品", "这款好物", "我们的新品", "这份日常好物", "新到的这一款",
};

static const char *const openers[] = {
    "给日子加点新意",   "好东西不必复杂",     "用心做好每个细节", "新的一周轻松开始",
    "生活需要小惊喜",   "舒服是一种选择",     "为你的日常而生",   "小改变带来好心情",
    "把麻烦留给我们",   "认真生活的样子",     "懂你想要的简单",   "让回家更有期待",
    "好设计陪你久一点", "每天都值得用心",     "轻装上阵去见朋友", "慢下来也很好",
    "换季也换个心情",   "熟悉的日子新的灵感", "温暖从细节开始",   "喜欢就带在身边",
};

static const char *const questions[] = {
    "想换个心情吗",       "还在为早晨手忙脚乱吗", "周末准备好了吗",
    "是不是该添一件新的", "想给家里加点温度吗",   "送礼还没想好吗",
    "忙了一天累不累",     "要不要试点新鲜的",     "出门总觉得少点什么吗",
    "怎样让日常更轻松",   "想要一份安心吗",       "下一站想去哪里",
    "多久没好好犒劳自己", "喜欢简单的东西吗",
};

static const char *const verbs[] = {
    "让忙碌的早晨从容一点", "陪你走过每个工作日", "把小事变成好心情",
    "为生活腾出一点空间",   "让出门变得更省心",   "给房间添一抹暖意",
    "跟你一起去周末远行",   "在忙碌里留一刻安静", "让分享变得更自然",
    "替你省去反复纠结",     "撑起漫长的下午",     "把舒适带到身边",
    "轻松融入你的日常",     "好看也经得起日用",   "给普通的夜晚添点光彩",
    "让等待也变得愉快",     "为家人准备一份心意", "把整洁留在手边",
    "从清晨陪到夜晚",       "让每次相聚更温馨",   "给自己多留些时间",
    "安静地照顾你的习惯",   "在四季里都合时宜",   "一上手就觉得顺手",
};

static const char *const nouns[] = {
    "从容的清晨",   "看得见的用心", "轻松的日常", "一点点仪式感", "温柔的陪伴",
    "耐看的设计",   "省心的选择",   "周末的自在", "回家的暖意",   "简单的快乐",
    "舒适的触感",   "清爽的模样",   "久违的松弛", "实在的品质",   "贴心的礼物",
    "自己的节奏",   "小小的惊喜",   "安心的感觉", "恰好的分量",   "日常的诗意",
    "朋友间的默契", "新鲜的灵感",   "自然的味道", "一夜好心情",
};

static const char *const moments[] = {
    "上班路上",   "在家或在外", "下班之后", "周末午后",   "晴天雨天",   "出发之前",
    "每个清晨",   "和家人一起", "旅途当中", "会议间隙",   "换季的时候", "夜深人静时",
    "想念的时候", "围坐一桌时", "随时随地", "独处的片刻",
};

static const char *const adjectives[] = {
    "轻巧", "温暖", "简单", "自在", "贴心", "清新", "耐用", "柔软",
    "安静", "灵动", "实用", "明亮", "雅致", "踏实", "顺手", "有趣",
};

static const char *const actions[] = {
    "来看看吧",     "马上了解",     "挑一款喜欢的", "今天就试试",
    "点开看详情",   "欢迎来逛逛",   "选出你的颜色", "一起来体验",
    "把它带回家",   "送给在乎的人", "现在就出发",   "多看一眼",
    "找到适合你的", "先收藏起来",   "等你来挑",     "给自己一次机会",
};

static const char *const copy[] = {
    "%o。%p，%v。%c。",           "%q？%p，%v。%c。",
    "%p：%n，%m都有。%c。",       "%m，%p%v。%c。",
    "%o，%p带来%n。%c。",         "%a又%a，%p%v。",
    "想要%n？试试%p，%v。",       "%c：%p，%v。",
    "%n，从%p开始。%c。",         "%q？%o，选%p。",
    "%m，一份%n。%p，%c。",       "%p，%a、%a，%v。%c。",
    "为了%n，我们准备了%p。%c。", "把%n交给%p，%m，%v。",
    "遇见%n。%p，%c。",           "%o。%m，%n就在身边：%p。",
};

static const char *const titles[] = {
    "%p：%n", "%n，从%p开始", "%q？",   "遇见%p", "%m的%n", "%a又%a的%p",
    "%o",     "%p，%c",       "%p，%v", "%n，%c", "%m，%o", "%q？%c",
};

static const char *const calls[] = {"%c", "%c", "%m，%c"};

static const char *const reasons[] = {
    "以%n开头，符合这个角度。",
    "读者多在%m看到它，所以语气%a。",
    "先提%p，再给出明确的下一步。",
    "用提问引出%n，不作过度承诺。",
    "突出%p能够%v。",
};

static const char *const names[] = {
    "%n", "%m的%n", "%a与%a", "%v", "%p与%n", "%n与%a",
};

static const char *const tiny[] = {
    "%c",   "%n",   "%p",   "%a",   "%a又%a", "新到", "来吧", "上新",
    "好物", "安心", "喜欢", "试试", "就它",   "轻松", "你好", "出发",
};

const struct sim_lang sim_lang_zh = {
    .space = "",
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
