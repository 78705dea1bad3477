"""barker simulate: traffic and earnings of a spec, on made-up texts."""
import json

import pytest

BRIEF = {"kind": "content", "channel": ["email.subject"], "seed": 7,
         "input": {"brief": "Two-day sale on the Alpine down jacket", "n": 4}}


@pytest.fixture
def simulate(make_stack, tmp_path):
    stack = make_stack()
    stack.stop_redis()  # neither Redis nor a model is asked

    def run(spec, *args, code=0):
        file = tmp_path / "spec.json"
        file.write_text(json.dumps(spec))
        out = stack.cli("simulate", str(file), *args, code=code)
        assert stack.ledger() == ([], [])
        return out
    return run


def test_what_it_says(simulate):
    told = json.loads(simulate(BRIEF, "--json"))
    assert told["simulated"] is True and told["policy"] == "sharpened"
    assert (told["metric"], told["texts"], told["level"]) == ("click", 4, 0.014)
    assert [r["traffic"] for r in told["rows"]] == [1000, 10000, 100000, 1000000]
    assert told["horizon_known"] is False
    for row in told["rows"]:
        assert row["uniform_per_1000"] == pytest.approx(14, rel=0.05)
        assert row["oracle_per_1000"] > row["policy_per_1000"]
        assert row["policy_per_1000"] > row["uniform_per_1000"] - 3 * row["gain_error_per_1000"]
    found = [r["p_pick_best"] for r in told["rows"]]
    assert found == sorted(found) and found[0] < 0.5 < 0.8 < found[-1]
    gain = told["rows"][-1]["policy_per_1000"] - told["rows"][-1]["uniform_per_1000"]
    assert gain > 5 * told["rows"][-1]["gain_error_per_1000"]
    lift = {r["lift"]: r for r in told["traffic_needed"]}
    assert sorted(lift) == [0.1, 0.2, 0.5]
    assert lift[0.2]["per_text"] == pytest.approx(16 * 0.986 / (0.014 * 0.04), abs=1)
    assert lift[0.2]["all_texts"] == 4 * lift[0.2]["per_text"]


def test_the_same_twice_and_another_seed(simulate):
    first = simulate({**BRIEF, "ranking": {"horizon": 5000}}, "--json")
    assert simulate({**BRIEF, "ranking": {"horizon": 5000}}, "--json") == first
    assert simulate({**BRIEF, "seed": 8, "ranking": {"horizon": 5000}}, "--json") != first
    told = json.loads(first)
    assert [r["traffic"] for r in told["rows"]] == [500, 5000, 50000]
    assert told["horizon_known"] is True


def test_metric_level_and_control(simulate):
    spec = {**BRIEF, "metric": "revenue", "control": "As ever", "ranking": {"horizon": 100}}
    told = json.loads(simulate(spec, "--json"))
    assert (told["metric"], told["level"], told["texts"]) == ("revenue", 0.002, 5)
    told = json.loads(simulate(spec, "--json", "--level", "0.05"))
    assert told["level"] == 0.05 and told["rows"][0]["traffic"] == 10
    for level in ("0", "2", "nan", "0.1x", "-1"):
        simulate(spec, f"--level={level}", code=2)
    simulate({**spec, "metric": "fame"}, code=2)


def test_text(simulate):
    text = simulate({**BRIEF, "ranking": {"horizon": 5000}})
    assert text.startswith("simulated, for one placement: 4 texts")
    assert "POLICY" in text and "50000" in text and "+20 %" in text
    assert "not simulated: texts that retire" in text
