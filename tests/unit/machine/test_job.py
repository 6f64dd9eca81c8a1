import errno
import logging
import os

import pytest
from safetensors import SafetensorError

from stilts.machine.job import job


@pytest.fixture(autouse=True)
def quiet_after(monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers[:], logging.root.level
    yield
    logging.captureWarnings(False)
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_messages_go_to_the_log_and_not_to_the_terminal(tmp_path, capfd):
    with job(tmp_path / "logs/step.log"):
        logging.getLogger("stilts").info("3 of 36 trials")
    assert "3 of 36 trials" in (tmp_path / "logs/step.log").read_text()
    assert capfd.readouterr() == ("", "")


def test_a_failure_is_one_line_here_and_a_traceback_in_the_log(tmp_path, capfd):
    log = tmp_path / "step.log"
    with pytest.raises(SystemExit) as caught, job(log):
        raise ValueError("data/x.csv: no column 'label'; add one")
    assert caught.value.code == 1
    expected = f"error: data/x.csv: no column 'label'; add one (log: {log})\n"
    assert capfd.readouterr().err == expected
    text = log.read_text()
    assert "Traceback" in text
    assert text.splitlines()[-1][9:] == "error: data/x.csv: no column 'label'; add one"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left (os error 28)"),
    ],
)
def test_a_full_disk_is_told_with_its_remedy_whoever_meets_it(error, tmp_path, capfd):
    with pytest.raises(SystemExit), job(tmp_path / "step.log"):
        raise error
    assert "free some space and run again; what is finished is kept" in capfd.readouterr().err


def test_an_error_that_no_one_foresaw_is_named(tmp_path, capfd):
    with pytest.raises(SystemExit), job(tmp_path / "step.log"):
        {}["key"]
    assert capfd.readouterr().err.startswith("error: KeyError: 'key' (log: ")
