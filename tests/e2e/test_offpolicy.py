"""barker-bench offpolicy against a plain numpy computation of IPS, SNIPS and DR."""
import csv
import gzip
import json
import os
import pathlib
import subprocess

import pytest

from stack import BUILD, ROOT

np = pytest.importorskip("numpy")
DATA = pathlib.Path(os.environ.get("BARKER_DATA", ROOT.parent / "shared" / "data"))
HEAD = "timestamp,item_id,position,click,propensity,user_segment"
Z95, CAP, MODEL_TRIALS = 1.959963984540054, 20, 1750


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    return {name: np.array([float(r[name]) for r in rows])
            for name in ("item_id", "position", "click", "propensity")}


def shares_of(rows, target):
    """Target share of every row's item, and a table by (position, item)."""
    items, places = int(rows["item_id"].max()) + 1, 16
    if target is None:
        return np.full((places, items), 1 / items)
    counts = np.zeros((places, 256))
    np.add.at(counts, (target["position"].astype(int), target["item_id"].astype(int)), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def plain(rows, target):
    item, place = rows["item_id"].astype(int), rows["position"].astype(int)
    r, shares = rows["click"], shares_of(rows, target)
    w = np.minimum(shares[place, item] / rows["propensity"], CAP)
    size = shares.shape[1]
    shown, clicks = np.bincount(item, minlength=size), np.bincount(item, r, minlength=size)
    q = (clicks + MODEL_TRIALS * r.mean()) / (shown + MODEL_TRIALS)
    v = shares @ q
    out = {"effective": w.sum() ** 2 / (w ** 2).sum(), "mean_weight": w.mean(),
           "clipped": int((shares[place, item] / rows["propensity"] > CAP).sum())}
    for name, terms in (("ips", w * r), ("dr", v[place] + w * (r - q[item]))):
        out[name], out[name + "_se"] = terms.mean(), terms.std() / np.sqrt(len(r))
    value = (w * r).sum() / w.sum()
    influence = w * (r - value) / w.mean()
    out["snips"], out["snips_se"] = value, influence.std() / np.sqrt(len(r))
    return out


def ours(path, target="uniform", *more):
    done = subprocess.run([BUILD / "barker-bench", "offpolicy", "--csv", path, "--target",
                           target, *more], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def assert_same(got, want):
    for name in ("effective", "mean_weight", "clipped"):
        assert got[name] == pytest.approx(want[name], rel=1e-9), name
    for name in ("ips", "snips", "dr"):
        reach = Z95 * want[name + "_se"]
        assert got[name] == pytest.approx(want[name], rel=1e-9, abs=1e-12), name
        assert got[name + "_lo"] == pytest.approx(want[name] - reach, rel=1e-9, abs=1e-12)
        assert got[name + "_hi"] == pytest.approx(want[name] + reach, rel=1e-9, abs=1e-12)


def compare(path, target_path):
    for target in (None, target_path):
        rows = read(path)
        want = plain(rows, read(target) if target else None)
        for more in ((), ("--grouped",)):
            got = ours(path, target or "uniform", *more)
            assert got["rows"] == len(rows["click"])
            assert (got["groups"] < got["rows"]) == bool(more)
            assert_same(got, want)


def made_up(path, rng, shares):
    """5,000 decisions whose epochs have other shares."""
    lines = [HEAD]
    for i in range(5000):
        p = shares if i % 2 else np.full(len(shares), 1 / len(shares))
        item = rng.choice(len(p), p=p)
        click = int(rng.random() < 0.02 * (1 + item))
        lines.append(f"-,{item},{1 + i % 3},{click},{p[item]!r},0")
    path.write_text("\n".join(lines) + "\n")


def test_against_numpy(tmp_path):
    rng = np.random.default_rng(1)
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    made_up(one, rng, np.array([0.9, 0.05, 0.03, 0.015, 0.005]))
    made_up(other, rng, np.array([0.05, 0.05, 0.1, 0.2, 0.6]))
    compare(one, other)
    compare(other, one)
    assert ours(one, other)["clipped"] > 0


@pytest.mark.skipif(not (DATA / "obd_men_bts.csv.gz").exists(), reason="no data here")
def test_open_bandit_data_against_numpy(tmp_path):
    """10,000 decisions each of a uniform policy and of Thompson sampling."""
    for name in ("random", "bts"):
        with gzip.open(DATA / f"obd_men_{name}.csv.gz", "rb") as f:
            (tmp_path / name).write_bytes(f.read())
    compare(tmp_path / "random", tmp_path / "bts")
    compare(tmp_path / "bts", tmp_path / "random")
    uniform = ours(tmp_path / "random")
    assert uniform["ips"] == pytest.approx(0.0046)  # 46 clicks, all weights 1
    other_way = ours(tmp_path / "bts")
    assert other_way["snips_lo"] < 0.0046 < other_way["snips_hi"]
