"""What a cron expression means, once more, by brute force: all wall times of a day are
tried, and Python's zoneinfo says which instants they stand for."""
import datetime as dt
import random
import zoneinfo

EPOCH = dt.datetime(1970, 1, 1)
UTC = dt.timezone.utc
JUMP_S = 3 * 3600
NAMES = {3: "jan feb mar apr may jun jul aug sep oct nov dec".split(),
         4: "sun mon tue wed thu fri sat".split()}
RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]


def offset(zone, utc_s):
    local = (EPOCH.replace(tzinfo=UTC) + dt.timedelta(seconds=utc_s)).astimezone(zone)
    return int(local.utcoffset().total_seconds())


def value(text, i):
    return int(text) if text.isdigit() else RANGES[i][0] + NAMES[i].index(text.lower())


def values(text, i):
    found = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low, high = RANGES[i]
        if span != "*":
            low = value(first, i)
            high = value(last or first, i)
            if i == 4 and last.lower() == "sun":
                high = 7
        found |= set(range(low, high + 1, int(step or 1)))
    return found


class Cron:
    def __init__(self, text):
        fields = text.split()
        self.minutes, self.hours, self.days, self.months, self.weekdays = (
            values(field, i) for i, field in enumerate(fields))
        self.weekdays = {n % 7 for n in self.weekdays}
        self.either = fields[2][0] != "*" and fields[4][0] != "*"
        self.real_time = "*" in (fields[0][0], fields[1][0])

    def is_on(self, date):
        of_month = date.day in self.days
        of_week = date.isoweekday() % 7 in self.weekdays
        fits = of_month or of_week if self.either else of_month and of_week
        return date.month in self.months and fits

    def walls(self, date):
        if self.is_on(date):
            for hour in self.hours:
                for minute in self.minutes:
                    yield dt.datetime(date.year, date.month, date.day, hour, minute)


def jump_between(zone, low, high):
    """The instant at which the offset changes, by bisection."""
    before = offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def instants(zone, wall):
    """(kind, first, last) of a wall time in seconds, as barker-calendar tells it."""
    seconds = int((wall - EPOCH).total_seconds())
    early, late = (int(wall.replace(tzinfo=zone, fold=fold).utcoffset().total_seconds())
                   for fold in (0, 1))
    if early == late:
        return "once", seconds - early, seconds - early
    if early > late:
        return "twice", seconds - early, seconds - late
    jump = jump_between(zone, seconds - late, seconds - early)
    return "skipped", jump, jump


def fires(cron, zone, wall):
    kind, first, last = instants(zone, wall)
    if kind == "once":
        return [first]
    if kind == "twice":
        both = cron.real_time or last - first >= JUMP_S
        return [first, last] if both else [first]
    jump = offset(zone, first) - offset(zone, first - 1)
    return [] if cron.real_time or jump >= JUMP_S else [first]


def next_fire(cron, zone, after_ms, days):
    """In ms; None: not within so many days."""
    first = (EPOCH + dt.timedelta(seconds=after_ms // 1000 - 2 * 86400)).date()
    found = []
    for i in range(days):
        at = [s * 1000 for wall in cron.walls(first + dt.timedelta(days=i))
              for s in fires(cron, zone, wall)]
        found += [ms for ms in at if ms > after_ms]
        if found and i >= 4:
            break  # a later day is on the clock at least a day later
    return min(found, default=None)


class Random:
    """Expressions and instants, near changes of the clocks more often than not."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def element(self, i):
        low, high = RANGES[i]
        kind = self.rng.randrange(8)
        if kind < 1:
            return "*"
        if kind < 2:
            return f"*/{self.rng.randint(1, high)}"
        first = self.rng.randint(low, high)
        last = self.rng.randint(first, high)
        name = self.rng.choice([str, lambda n: NAMES[i][n - low].upper()])
        if i not in NAMES or last == 7:
            name = str
        if kind < 5:
            return name(first)
        return f"{name(first)}-{name(last)}" + (
            f"/{self.rng.randint(1, high)}" if kind == 7 else "")

    def field(self, i, stars):
        if self.rng.random() < stars:
            return "*"
        return ",".join(self.element(i) for _ in range(self.rng.choice([1, 1, 1, 2, 3])))

    def cron(self):
        """Many at the hours at which clocks change."""
        hour = self.rng.choice([self.field(1, 0.3), "1", "2", "0", "3", "1-2", "*", "*/2"])
        return " ".join([self.field(0, 0.1), hour, self.field(2, 0.7), self.field(3, 0.7),
                         self.field(4, 0.7)])

    def instant_s(self, changes, first, last):
        if changes and self.rng.random() < 0.7:
            return self.rng.choice(changes) + self.rng.randint(-100000, 10000)
        return self.rng.randint(first, last)

    def zone(self, names):
        return zoneinfo.ZoneInfo(self.rng.choice(names))


def changes(zone, first, last):
    """The instants at which the offset changes, if not twice in six days."""
    step, found, before = 6 * 86400, [], offset(zone, first)
    for at in range(first, last, step):
        after = offset(zone, at + step)
        if after != before:
            found.append(jump_between(zone, at, at + step))
        before = after
    return found
