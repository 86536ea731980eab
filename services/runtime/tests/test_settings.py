"""Settings."""

from __future__ import annotations

import pytest
from proxima_runtime.backend.settings import BackendSettings
from proxima_runtime.settings import ServiceSettings


@pytest.mark.parametrize("listen", ["0.0.0.0:7001", "[::]:7001", "node7:7001"])
def test_a_server_for_other_machines_needs_tls(listen: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without TLS a server beyond this machine does not start, and the message says what to do."""
    with pytest.raises(SystemExit) as caught:
        ServiceSettings.load(["--listen", listen])

    assert caught.value.code == 2
    assert "tls_certificate_file" in capsys.readouterr().err


def test_insecure_has_to_be_said() -> None:
    """With `insecure` such a server starts."""
    assert ServiceSettings.load(["--listen", "0.0.0.0:7001", "--insecure"]).insecure


def test_half_of_tls_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A certificate without a key is an error."""
    with pytest.raises(SystemExit):
        ServiceSettings.load(["--tls-certificate-file", "/etc/cert.pem"])

    assert "give both or neither" in capsys.readouterr().err


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both give settings; the command line is the nearer one."""
    monkeypatch.setenv("PROXIMA_BACKEND_QUEUE_LIMIT", "7")
    monkeypatch.setenv("PROXIMA_BACKEND_LOG_LEVEL", "error")

    settings = BackendSettings.load(["--log-level", "debug"])

    assert (settings.queue_limit, settings.log_level) == (7, "debug")


def test_a_bad_value_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A value out of range exits with status 2 and the name of the setting."""
    with pytest.raises(SystemExit) as caught:
        BackendSettings.load(["--queue-limit", "0"])

    assert caught.value.code == 2
    assert "queue_limit" in capsys.readouterr().err


def test_what_is_left_out_follows_the_machine() -> None:
    """The default cap and thread count are positive and shrink with the number of workers."""
    one, four = BackendSettings(worker_count=1), BackendSettings(worker_count=4)

    assert 0 < four.resolved_memory_cap_bytes() < one.resolved_memory_cap_bytes()
    assert 1 <= four.resolved_thread_count() <= one.resolved_thread_count()
