"""barker-bench rank: worlds from a CSV file, plain or gzip, and what a policy earns there."""
import gzip
import json
import subprocess

import pytest

from stack import BUILD

HEAD = "test_id,arm,headline,impressions,clicks,test_week\n"


def row(test, arm, impressions, clicks, week=201401 + 10):
    return f'{test},{arm},"She said ""no"", then\nleft",{impressions},{clicks},{week}\n'


def bench(path, *args, rc=0):
    p = subprocess.run([str(BUILD / "barker-bench"), "rank", "--csv", str(path), *args],
                       capture_output=True, text=True, timeout=60)
    assert p.returncode == rc, p.stderr
    return json.loads(p.stdout) if rc == 0 else p.stderr


@pytest.fixture
def csv(tmp_path):
    """40 tests of a clear winner: 4 % against 1 %, a million impressions each."""
    path = tmp_path / "tests.csv"
    path.write_text(HEAD + "".join(row(f"t{i}", k, 1_000_000, 40_000 if k == 1 else 10_000)
                                   for i in range(40) for k in range(3)))
    return path


def test_an_equal_split_earns_the_mean_and_the_oracle_the_best(csv):
    got = bench(csv, "--policy", "fixed", "--batches", "10", "--seed", "3")
    assert (got["policy"], got["tests"], got["batches"], got["seed"]) == ("fixed", 40, 10, 3)
    assert got["clicks_per_1000"] == pytest.approx(20, rel=0.01)
    assert got["oracle"] == pytest.approx(40, rel=0.01)
    assert got["regret_per_1000"] == pytest.approx(got["oracle"] - got["clicks_per_1000"], abs=1e-3)
    assert got["p_pick_best"] == 1 and got["horizon"] == "known"


def test_the_same_seed_gives_the_same_bytes_and_the_gzip_file_the_same_worlds(csv, tmp_path):
    packed = tmp_path / "tests.csv.gz"
    packed.write_bytes(gzip.compress(csv.read_bytes()))
    one = bench(csv, "--policy", "thompson", "--seed", "5")
    assert bench(packed, "--policy", "thompson", "--seed", "5") == one
    other = bench(csv, "--policy", "thompson", "--seed", "6")
    assert other["oracle"] != one["oracle"]
    # the worlds are the seed's, whatever is played in them
    assert bench(csv, "--policy", "fixed", "--seed", "5")["oracle"] == one["oracle"]


def test_every_policy_runs_and_those_that_learn_earn_more(csv):
    fixed = bench(csv, "--policy", "fixed", "--batches", "20")["clicks_per_1000"]
    for name in ("sharpened", "thompson", "top_two", "epsilon", "ucb1_tuned"):
        for horizon in ("known", "unknown"):
            got = bench(csv, "--policy", name, "--batches", "20", "--horizon", horizon)
            assert got["horizon"] == horizon and got["p_pick_best"] == 1
            assert got["clicks_per_1000"] > fixed * 1.2, name


def test_what_cannot_be_replayed_is_left_out(tmp_path):
    path = tmp_path / "tests.csv"
    good = [row("good", k, 2000, 30) for k in range(2)]
    weeks = [row(f"w{w}", k, 2000, 30, w)
             for w in (201325, 201352, 201400, 201401, 201324, 201353, 201402) for k in range(2)]
    alone = [row("alone", 0, 2000, 30)]
    silent = [row("silent", k, 2000, 0) for k in range(2)]
    unseen = [row("unseen", k, 2000 * k, 30 * k) for k in range(2)]
    path.write_text(HEAD + "".join(alone + good + silent + weeks + unseen))
    assert bench(path)["tests"] == 1 + 3
    assert bench(path, "--tests", "2")["tests"] == 2
    halves = [bench(path, "--half", h)["tests"] for h in ("even", "odd")]
    assert halves == [2, 2]


@pytest.mark.parametrize("text, says", [
    ("a,b\n1,2\n", "column"),
    (HEAD + "t,0,x,many,3,201410\n", "line 2"),
    (HEAD + "t,0\n", "too short"),
    (HEAD + 't,0,"open,10,3,201410\n', "cut short"),
    (HEAD, "no test"),
])
def test_a_file_of_another_form_is_refused(tmp_path, text, says):
    path = tmp_path / "tests.csv"
    path.write_text(text)
    assert says in bench(path, rc=1)


def test_a_damaged_gzip_file_and_unknown_names_are_refused(csv, tmp_path):
    packed = tmp_path / "tests.csv.gz"
    packed.write_bytes(gzip.compress(csv.read_bytes())[:-40])
    assert "damaged" in bench(packed, rc=1)
    assert "no policy" in bench(csv, "--policy", "best", rc=1)
    assert "--horizon" in bench(csv, "--horizon", "soon", rc=1)
