"""A model: one encoder with heads by name, and the tasks that they answer."""

from collections.abc import Mapping

from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from stilts.models.batch import Batch
from stilts.models.head import Head
from stilts.models.stored_heads import StoredHead


class Model(nn.Module):
    """One encoder, its heads, and heads of the checkpoint that only travel along.

    Attributes:
        encoder: the base model, in transformers' own class of its family.
        heads: by name; see `stilts.models.head.Posed.key`.
        answers: task -> the name of the head that answers it.
        passed: heads of the checkpoint that no task here uses, as they were stored.
        keep_pooler: the encoder's pooler is the checkpoint's, and one of `passed` may read it.
    """

    def __init__(
        self,
        encoder: PreTrainedModel,
        heads: Mapping[str, Head],
        answers: Mapping[str, str],
        passed: Mapping[str, StoredHead],
        *,
        keep_pooler: bool = False,
    ):
        super().__init__()
        self.encoder = encoder
        self.heads, self.answers, self.passed = dict(heads), dict(answers), dict(passed)
        self.keep_pooler = keep_pooler
        self.parts = nn.ModuleList(heads.values())  # names of tasks may hold dots

    @property
    def base_model(self) -> PreTrainedModel:
        """The encoder, by the name that it has in any model of transformers."""
        return self.encoder

    @property
    def config(self) -> PretrainedConfig:
        """The encoder's config."""
        return self.encoder.config

    def head(self, task: str) -> Head:
        """Return the head that answers a task."""
        return self.heads[self.answers[task]]

    def forget(self, name: str) -> None:
        """Drop a head and the tasks that it answers, and a pooler that no other head reads."""
        del self.heads[name]
        self.answers = {task: head for task, head in self.answers.items() if head != name}
        self.parts = nn.ModuleList(self.heads.values())
        pooled = self.keep_pooler or any(head.POOLED for head in self.heads.values())
        if not pooled and getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None

    def forward(self, batch: Batch, task: str) -> Tensor:
        """Return the outputs of a task's head for a batch, [n, k]."""
        return self.head(task)(self.encoder, batch)

    def loss(self, batch: Batch, task: str) -> Tensor:
        """Return a task's loss, fp32, summed over the batch's labelled examples."""
        return self.head(task).loss(self(batch, task), batch.labels)
