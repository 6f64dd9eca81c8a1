"""Sources that a test writes, and the one line that refuses one."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stilts.errors import UserError
from stilts.tasks.sources.read import read_source


def write_parquet(path, rows):
    """Write rows to a parquet file, its folders included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def refused(source, split="train", **options):
    """Return the one line that refuses a source."""
    with pytest.raises(UserError) as caught:
        read_source(source, split, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)
