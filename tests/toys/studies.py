"""Small studies of tasks that the catalogue has, written into a copy of the project."""

import yaml

STUDY = {
    "title": "A study",
    "models": ["roberta-large"],
    "grid": {"lr": {"stated": [1e-5, 2e-5]}, "seed": {"stated": [1, 2]}},
    "sweeps": {"main": {"chains": ["none", "cola"], "targets": ["rte", "wic"]}},
    "settings": {
        "all": {"batch": {"stated": 8}, "epochs": {"assumed": 3}},
        "intermediates": {"lr": {"stated": 1e-5}, "seed": {"assumed": 42}},
    },
    "protocols": {"paper": None},
}


def write_study(root, name="mine", **changes):
    """Write a study; `changes` replace keys of `STUDY`, settings part by part."""
    content = {**STUDY, **changes}
    content["settings"] = {**STUDY["settings"], **changes.get("settings", {})}
    folder = root / "studies" / name
    folder.mkdir(exist_ok=True)
    (folder / "study.yaml").write_text(yaml.safe_dump(content))
    (folder / "report.yaml").write_text(yaml.safe_dump({"tables": {}, "figures": {}}))
    return name
