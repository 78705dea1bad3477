"""scripts/bench/srm: the weeks in which Upworthy's randomisation was broken are found."""
import gzip
import subprocess

import pytest

from stack import BUILD, ROOT

DATA = ROOT.parent / "shared" / "data" / "upworthy_dev.csv.gz"
HEAD = "test_id,arm,headline,impressions,clicks,test_week\n"


def run(path):
    p = subprocess.run([ROOT / "scripts" / "bench" / "srm", str(path), "0"], text=True,
                       capture_output=True, timeout=60, env={"BARKER_BUILD": str(BUILD)})
    return p.returncode, p.stdout, p.stderr


def write(path, weeks):
    """Of each week one test of four arms, the first of which was cached."""
    rows = [f'{week},{arm},"a, ""b""\nc",{1000 + (skew if arm == 0 else 0)},3,{week}\n'
            for week, skew in weeks for arm in range(4)]
    with gzip.open(path, "wt") as file:
        file.write(HEAD + "".join(rows))
    return path


@pytest.mark.skipif(not DATA.exists(), reason="the archive's extract is not here")
def test_the_archive_is_found_broken_where_it_says_so():
    rc, out, err = run(DATA)
    assert rc == 0, out + err
    assert "| broken | 529 | 359 |" in out and "| others | 1942 | 8 |" in out


def test_skewed_weeks_alarm(tmp_path):
    rc, out, _ = run(write(tmp_path / "t.gz", [(201325, 400), (201401, 400), (201324, 20)]))
    assert rc == 0
    assert "| broken | 2 | 2 | 100.0 % |" in out and "| others | 1 | 0 | 0.0 % |" in out


def test_an_alarm_outside_is_an_error(tmp_path):
    rc, out, _ = run(write(tmp_path / "t.gz", [(201325, 400), (201402, 400)]))
    assert rc == 1 and "| others | 1 | 1 | 100.0 % |" in out
    assert run(write(tmp_path / "u.gz", [(201325, 10), (201402, 10)]))[0] == 1
