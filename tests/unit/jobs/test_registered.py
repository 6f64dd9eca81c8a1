from stilts.files.manifest import sha256_of
from stilts.jobs.registered import registered


def test_a_trial_records_the_claims_that_stand_when_it_is_trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert registered("mine") == {}, "a study without claims"
    file = tmp_path / "studies/mine/claims.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("it: {}\n")
    first = registered("mine")
    assert first == {"claims": f"mine:{sha256_of(file)[:16]}"}
    file.write_text("it: {}\n# later\n")
    assert registered("mine") != first
