"""Tasks of few rows, as a job is told of them."""

from stilts.question.catalogue import Task


def csv_spec(tmp_path, rows, **extra):
    """Spec of a yes/no task on two csv files with `rows` rows each."""
    files = {}
    for split, n in rows.items():
        path = tmp_path / f"{split}.csv"
        lines = [f"{split} {i},{('no', 'yes')[i % 2]}" for i in range(n)]
        path.write_text("\n".join(["text,label", *lines]) + "\n")
        files[split] = str(path)
    block = {
        "kind": "classification",
        "source": {"files": files},
        "first": "{text}",
        "labels": ["no", "yes"],
    }
    task = Task.from_block("toy", {**block, **extra}, "here").as_dict()
    return {"task": task, "limits": {"train": None, "validation": None}, "seed": 3, "mirror": None}
