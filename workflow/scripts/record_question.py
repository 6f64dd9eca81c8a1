"""Write down the question as it is run: config, grid, and each setting with its origin."""

import yaml

from stilts.files.manifest import write_atomic
from stilts.machine.job import job

with job(snakemake.log[0]):
    text = yaml.safe_dump(snakemake.params.question, sort_keys=False, allow_unicode=True)
    write_atomic(snakemake.output[0], text)
