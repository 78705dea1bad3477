"""Endpoints over TLS with a certificate of one's own: taken when llm.ca_file names it, and
nothing is sent to who cannot show one."""
import subprocess

import pytest

SPEC = {"id": "t", "kind": "content", "approval": "none",
        "input": {"brief": "Winter tea", "n": 3}}


@pytest.fixture
def certificate(tmp_path):
    both = tmp_path / "both.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=mock",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem",
                    "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    both.write_text((tmp_path / "cert.pem").read_text() + (tmp_path / "key.pem").read_text())
    return both


def test_own_certificate(make_stack, certificate):
    stack = make_stack(llm="mock", llm_args=("--tls", certificate))
    assert stack.llm_url.startswith("https://")
    stack.worker(BARKER_CA_FILE=certificate)
    stack.enqueue(SPEC)
    stack.wait_state("t", "live", "failed")
    assert stack.state("t") == "live", stack.campaign("t")


def test_unknown_certificate(make_stack, certificate):
    stack = make_stack(llm="mock", llm_args=("--tls", certificate))
    stack.worker(BARKER_LLM_PROBES="0")  # or it is looked at again for an hour
    stack.enqueue(SPEC)
    stack.wait_state("t", "live", "failed")
    assert stack.campaign("t")["calls"] == "0"
    assert stack.ledger() == ([], [])
