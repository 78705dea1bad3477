"""Keys damaged by hand: a write is whole, or its job is buried with the reason; and nobody
else suffers."""
import pytest
import redis
from test_scripts import LEASE, admit, claim

ROOT = "bk:{0}"
SET = ["V", "v1", 1, "placement", "sms", "A", 1, "what", "x"]
END = {"wait": ["W", "serve", 0, "ck", 4, 0], "go on": ["K", "serve", 0, "ck"],
       "done": ["X", "done", "", 5000]}


@pytest.fixture
def job(s):
    s.admit("", "a", "t", "content", "normal", "{}", "sha", -1, -1, -1, 1, 0, "", "queued",
            "")
    (job,) = s.tick("w1", 1, 1_000_000, 0)[5]
    s.load(*job)
    return job


def damage(s, key):
    """Another type than any key of a campaign has, or than a text."""
    text = s.redis.type(key) == "string"
    s.redis.delete(key)
    if text:
        s.redis.rpush(key, "x")
    else:
        s.redis.pfadd(key, "x")


def is_buried(s, *, why="internal: WRONGTYPE"):
    grave = s.redis.hgetall(f"{ROOT}:dead:a")
    assert grave["reason"].startswith(why) and grave["owner"] == "w1"
    assert s.redis.zrange(f"{ROOT}:dead", 0, -1) == ["a"]
    assert s.redis.hget(f"{ROOT}:j:a", "state") == "dead"
    assert s.redis.xlen(f"{ROOT}:ready:1") == 0 and not s.redis.exists(f"{ROOT}:given")
    for key in ("j:a", "c:a", "c:a:spec", "c:a:bud"):
        assert s.redis.pttl(f"{ROOT}:{key}") > 0, key
    return True


@pytest.mark.parametrize("end", END)
@pytest.mark.parametrize("part", [":v:v1", ":audit", ":vids", ":places", ":mail", ""])
def test_a_commit_is_whole_or_its_job_is_buried(s, job, part, end):
    damage(s, f"{ROOT}:c:a{part}")
    ops = ["C", 1, "round", 1, *SET, "M", 0, "L", "sms", 1, "{}", *END[end]]
    assert s.commit(*job, 0, *ops)[:3] == ["fenced", "buried", "a"]
    assert s.commit(*job, 0, *ops) == ["fenced"]
    assert is_buried(s)
    if part != "":
        c = s.redis.hgetall(f"{ROOT}:c:a")
        assert (c["state"], c["error"]) == ("failed", "internal")
    assert s.tick("w1", 5, 1_000_000, 1)[5] == []


@pytest.mark.parametrize("shared", ["changes", "campaigns", "done", "given"])
def test_damage_of_what_all_share_takes_nothing_from_a_job(s, job, shared):
    """A watcher or a list misses it; what the job is stands."""
    damage(s, f"{ROOT}:{shared}")
    ops = ["A", 1, "what", "x", "H", "live", *END["done"]]
    assert s.commit(*job, 0, *ops) == ["ok"]
    assert s.commit(*job, 0, *ops) == ["ok"]
    assert s.redis.hget(f"{ROOT}:j:a", "state") == "done"
    assert s.redis.xlen(f"{ROOT}:c:a:audit") == 1
    assert s.redis.xlen(f"{ROOT}:ready:1") == 0


def test_a_parent_that_is_damaged_does_not_stop_its_child(s, job):
    s.redis.hset(f"{ROOT}:j:a", "parent", "p")
    s.redis.hset(f"{ROOT}:j:p", "state", "waiting")
    damage(s, f"{ROOT}:c:p:kids")
    assert s.commit(*job, 0, *END["done"]) == ["ok"]
    assert s.redis.hget(f"{ROOT}:c:a", "state") == "done"


@pytest.mark.parametrize("part, field", [
    ("jr:draft:0", None), ("jrs", None), ("bud", None), ("rsv", None), ("audit", None),
    ("", None), ("bud", "nano"), ("bud", "calls_r"), ("", "tokens_out"), ("rsv",
                                                                       "draft/0/0/1")])
def test_a_settlement_is_whole_or_its_job_is_buried(s, job, part, field):
    key = f"{ROOT}:c:a:{part}".rstrip(":")
    if part != "jrs":
        assert s.reserve(*job, "draft", 0, 0, 1, 5, 7) == ["ok"]
    if field:
        s.redis.hset(key, field, "no number")
    else:
        damage(s, key)
    call = (*job, "draft", 0, 0, 1, '{"s":"ok"}', 1, 2, 3, 1, 1, "what", "call")
    assert s.settle(*call)[:3] == ["fenced", "buried", "a"]
    assert s.settle(*call) == ["fenced"]
    assert is_buried(s, why="internal: ")


NEEDED = ["", ":spec", ":ck", ":vids", ":v:v1", ":places", ":p:sms", ":alloc:sms", ":mail",
          ":bud", ":rsv", ":kids", ":jrs"]


@pytest.fixture
def waiting(s, job):
    """One that has variants, and is claimed again."""
    s.commit(*job, 0, "V", "v1", 1, "placement", "sms", "L", "sms", 1, "{}", *END["go on"])
    s.release(*job)
    (job,) = s.tick("w1", 1, 1_000_000, 0)[5]
    return job


@pytest.mark.parametrize("part", NEEDED)
def test_what_cannot_be_loaded_is_buried(s, waiting, part):
    """Not loaded again and again by a worker whose slot it holds."""
    if part == ":jrs":  # read before the first checkpoint
        s.redis.hset(f"{ROOT}:j:a", "stage", "")
        s.redis.delete(f"{ROOT}:c:a:ck")
    damage(s, f"{ROOT}:c:a{part}")
    assert s.load(*waiting)[:3] == ["fenced", "buried", "a"]
    assert s.load(*waiting) == ["fenced"]
    assert s.redis.hget(f"{ROOT}:j:a", "state") == "dead"
    assert s.redis.hget(f"{ROOT}:dead:a", "reason").startswith("internal: WRONGTYPE")


@pytest.mark.parametrize("part, why", [("spec", "its spec is gone"),
                                       ("ck", "its checkpoint is gone")])
def test_what_is_gone_is_not_begun_anew(s, waiting, part, why):
    s.redis.delete(f"{ROOT}:c:a:{part}")
    assert s.load(*waiting) == ["fenced", "buried", "a", why]
    assert s.redis.hget(f"{ROOT}:dead:a", "reason") == f"internal: {why}"


def test_before_the_first_checkpoint_there_is_none(s, job):
    s.release(*job)
    (job,) = s.tick("w1", 1, 1_000_000, 0)[5]
    assert s.load(*job)[1:3] == ["{}", ""]


@pytest.mark.parametrize("part", ["bud", "rsv", "jrs", "jr:draft:0"])
def test_a_reservation_on_damaged_keys_buries_its_job(s, job, part):
    damage(s, f"{ROOT}:c:a:{part}")
    call = (*job, "draft", 0, 0, 1, 5, 7)
    assert s.reserve(*call)[:3] == ["fenced", "buried", "a"]
    assert s.reserve(*call) == ["fenced"]
    assert s.redis.hget(f"{ROOT}:j:a", "state") == "dead"


@pytest.mark.parametrize("lane", ["lane:t:normal", "queued", "ring"])
def test_a_job_whose_lane_is_damaged_can_be_given_back(s, job, lane):
    damage(s, f"{ROOT}:{lane}")
    assert s.release(*job)[:3] == ["fenced", "buried", "a"]
    assert s.release(*job) == ["fenced"]
    assert s.redis.hget(f"{ROOT}:j:a", "state") == "dead"


@pytest.mark.parametrize("key, delay_ms", [("due", 5), ("c:a", 5), ("c:a:jr:draft:0", -1),
                                           ("c:a:rsv", -1)])
def test_a_job_on_damaged_keys_can_be_given_up(s, job, key, delay_ms):
    s.reserve(*job, "draft", 0, 0, 1, 5, 7, "0/1")
    damage(s, f"{ROOT}:{key}")
    hold = (*job, "draft", 0, "0/1", "name", "", delay_ms, "batch", "0/1")
    assert s.hold(*hold)[:3] == ["fenced", "buried", "a"]
    assert s.hold(*hold) == ["fenced"]
    assert s.redis.hget(f"{ROOT}:j:a", "state") == "dead"


def test_a_settlement_that_went_well_is_repeated(s, job):
    s.reserve(*job, "draft", 0, 0, 1, 5, 7)
    call = (*job, "draft", 0, 0, 1, '{"s":"ok"}', 1, 2, 3, 1, 1, "what", "call")
    assert s.settle(*call) == ["ok"] == s.settle(*call)
    bud = s.redis.hgetall(f"{ROOT}:c:a:bud")
    assert (bud["calls"], bud["tokens"], bud["nano"], bud["calls_r"]) == ("1", "3", "3", "0")
    assert s.redis.xlen(f"{ROOT}:c:a:audit") == 1


def claimed(s, *, calls=6, beat=0):
    return sorted(name for _ in range(calls) for name, _ in claim(s, 5, beat=beat))


@pytest.mark.parametrize("beat", [0, 1])
@pytest.mark.parametrize("bad", ["abcde", "e"])
def test_a_job_that_is_no_hash_holds_up_no_other(s, bad, beat):
    for name in "abcde":
        admit(s, name)
    damage(s, f"{ROOT}:j:{bad[0]}")
    assert sorted(name for name, _ in claim(s, 5, beat=beat)) == [name for name in "abcde" if name != bad[0]]
    assert s.redis.zcard(f"{ROOT}:given") == 4


def test_a_job_without_its_fence_holds_up_no_other(s):
    for name in "abc":
        admit(s, name)
    s.redis.hdel(f"{ROOT}:j:b", "fence")
    assert claim(s) == [["a", 1], ["b", 1], ["c", 1]]
    assert s.redis.zcard(f"{ROOT}:given") == 3


def test_a_lane_that_is_no_list_holds_up_no_other_tenant(s):
    for n in range(8):
        admit(s, f"c{n}", "good")
    admit(s, "b", "bad")
    damage(s, f"{ROOT}:lane:bad:high")
    assert len(claimed(s)) == 8
    s.redis.delete(f"{ROOT}:lane:bad:high")
    assert claim(s) == [["b", 1]]


def test_a_worker_whose_claim_was_damaged_goes_on(s, job):
    admit(s, "b")
    s.redis.zadd(f"{ROOT}:given", {"a": 1000 * s.redis.time()[0]})  # as if not loaded yet
    damage(s, f"{ROOT}:j:a")
    assert s.tick("w1", 5, LEASE, 1, "a", 1)[5] == [["b", 1]]


def test_what_a_failed_call_left_in_the_stream_is_claimed(s):
    """Its job is in no lane any more, and nobody holds it."""
    admit(s, "a")
    s.redis.delete(f"{ROOT}:lane:t:normal")
    s.redis.xadd(f"{ROOT}:ready:1", {"j": "a"})
    admit(s, "later", not_before=4_000_000_000_000)
    s.redis.xadd(f"{ROOT}:ready:1", {"j": "later"})
    assert claim(s) == [["a", 1]]
    assert s.redis.xlen(f"{ROOT}:ready:1") == 1


def test_claims_are_told_without_a_number_of_changes(s):
    admit(s, "a")
    damage(s, f"{ROOT}:rev")
    assert claim(s) == [["a", 1]]


@pytest.mark.parametrize("how", ["no hash", "entry"])
def test_a_damaged_job_takes_nothing_from_those_it_commits_with(s, how):
    for name in "abc":
        admit(s, name)
    claim(s)
    if how == "entry":
        s.redis.hset(f"{ROOT}:j:b", "entry", "x")
    else:
        damage(s, f"{ROOT}:j:b")
    said = s.commit_all(*[[name, 1, 0, *END["done"]] for name in "abc"])
    assert said == [["ok"], ["ok"] if how == "entry" else ["damaged"], ["ok"]]
    assert {"a", "c"} <= set(s.redis.zrange(f"{ROOT}:done", 0, -1))
    left = [e[1]["j"] for e in s.redis.xrange(f"{ROOT}:ready:1")]
    assert left == ["b"] and "a" not in s.redis.zrange(f"{ROOT}:given", 0, -1)
    told = [e[1]["c"] for e in s.redis.xrange(f"{ROOT}:changes") if e[1]["what"] == "done"]
    assert told == (["a", "b", "c"] if how == "entry" else ["a", "c"])


def offer(s, cid="a", tenant="t", parent="", fence=0, not_before=0):
    entry = s.redis.xadd(f"{ROOT}:inbox", {"spec": "{}"})
    return s.redis.evalsha(s.shas["admit"], 1, ROOT, entry, cid, tenant, "content", "normal", "{}",
                           "sha", -1, -1, -1, 1, not_before, parent, "queued", "", 0, 0, fence)


@pytest.mark.parametrize("key", ["j:a", "c:a"])
def test_an_id_whose_keys_are_damaged_is_told(s, key):
    """Not admitted by halves, no reason to look at the same entry again and again, and what is
    there stays for people to see."""
    damage(s, f"{ROOT}:{key}")
    assert offer(s)[0] == "unusable"
    assert s.redis.xlen(f"{ROOT}:inbox") == 1
    assert not s.redis.exists(f"{ROOT}:c:a:spec") and not s.redis.zcard(f"{ROOT}:queued")
    assert s.redis.exists(f"{ROOT}:{key}")


def test_a_campaign_without_its_job_is_not_born_anew(s):
    """Its counts would be zero, over the checkpoint that it has."""
    admit(s, "a")
    s.redis.hset(f"{ROOT}:c:a", "impressions", 7)
    s.redis.delete(f"{ROOT}:j:a")
    assert offer(s)[0] == "unusable"
    assert s.redis.hget(f"{ROOT}:c:a", "impressions") == "7"
    assert s.redis.exists(f"{ROOT}:c:a:spec") and s.redis.exists(f"{ROOT}:c:a:bud")


def test_parts_without_their_campaign_are_nobodys(s):
    damage(s, f"{ROOT}:c:a:bud")
    assert offer(s) == ["admitted"]
    assert s.redis.hget(f"{ROOT}:c:a:bud", "calls_max") == "-1"


SHARED = ["campaigns", "queued", "due", "ring", "lane:t:normal", "j:p", "c:p:kids"]
ITS_OWN = SHARED[4:]


@pytest.mark.parametrize("key", SHARED)
def test_an_admission_stands_whole_or_not_at_all(s, key):
    """What all campaigns share is damaged: a job that is in no lane would never run."""
    damage(s, f"{ROOT}:{key}")
    before = set(s.redis.keys())
    delayed = 4_000_000_000_000 if key == "due" else 0
    parent = "p" if "p" in key.split(":") else ""
    if key in ITS_OWN:
        assert offer(s, parent=parent, not_before=delayed)[0] == "unusable"
    else:  # the entry waits for people to mend that
        with pytest.raises(redis.ResponseError):
            offer(s, parent=parent, not_before=delayed)
    assert set(s.redis.keys()) - before == {f"{ROOT}:inbox"}
    assert s.redis.xlen(f"{ROOT}:inbox") == 1
    s.redis.delete(f"{ROOT}:{key}")
    assert offer(s, not_before=delayed) == ["admitted"]
    assert s.redis.xlen(f"{ROOT}:inbox") == 1  # that of the second one
    assert delayed or [c[0] for c in claim(s)] == ["a"]


@pytest.mark.parametrize("key", ["rev", "changes", "done"])
def test_an_admission_that_nobody_is_told_of_stands(s, key):
    damage(s, f"{ROOT}:{key}")
    assert offer(s) == ["admitted"]
    assert s.admit("", "b", "t", "content", "normal", "{}", "sha", 0, -1, -1, 1, 0, "", "over_budget",
                   "over_budget") == ["admitted"]
    assert [c[0] for c in claim(s)] == ["a"]
    assert s.redis.hget(f"{ROOT}:c:b", "state") == "over_budget"
