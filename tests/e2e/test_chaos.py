"""The bounded form of scripts/chaos: nothing is lost, doubled or paid again."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "chaos"))
from chaos import Chaos  # noqa: E402


def test_chaos(tmp_path_factory):
    chaos = Chaos(tmp_path_factory.mktemp("c"), workers=3, campaigns=12, seed=2)
    try:
        report = chaos.run(kills=20, pause_s=1.0)
    finally:
        chaos.close()
    assert report["ok"], report
    assert report["faults"]["kill"] == 20 and report["recovered"] > 10, report
    assert report["campaigns"] > 20
