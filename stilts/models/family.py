"""What other modules must know of a family of models, from one file a family, without torch.

A family goes by transformers' `model_type`; its file is `families/<model_type>.py`, with `_` for
`-`, and holds one `FAMILY`. It is read when the workflow is planned.
"""

import functools
import importlib
import inspect
import logging
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stilts.errors import UserError
from stilts.models.walk import Walk

if TYPE_CHECKING:
    from stilts.models.batch import Batch

FAMILIES = "stilts.models.families"
MADE_UP = 10  # tokens; where transformers finds no vocabulary, it makes up special tokens alone

log = logging.getLogger(__name__)


def from_zero(config: Any) -> int:
    """Return 0, the position of a first token in most families."""
    return 0


def after_padding(config: Any) -> int:
    """Return the position that follows the padding token's id, as fairseq counted."""
    return config.pad_token_id + 1


@dataclass(frozen=True)
class Family:
    """A family of models; the defaults are those of an encoder that is padded.

    walk: the steps of a packed batch; None where the family's own forward gets padded batches.
    first_position: position of a sequence's first token, from the config.
    token_types: the forward takes `token_type_ids`, 1 on text B.
    causal: a token sees those before it only, so the last one answers. Texts are joined by a
        newline, and eos is the padding where there is none.
    multiple_choice: transformers has a class for it. Without one, the class for sequences with
        one label per option has the same head.
    pretrained: prefixes of parameters outside the encoder that pretraining has trained as well.
        They go with the encoder, as a pooler inside it does.
    dropouts: the config's fields that hold a dropout probability, the heads' included.
    tested: the family has a file, and tests hold it to transformers' own forward.
    """

    walk: Walk | None = None
    first_position: Callable[[Any], int] = from_zero
    token_types: bool = True
    causal: bool = False
    multiple_choice: bool = True
    pretrained: tuple[str, ...] = ()
    dropouts: tuple[str, ...] = ("hidden_dropout_prob", "attention_probs_dropout_prob")
    tested: bool = True


def known() -> list[str]:
    """Return the names of the families that have a file."""
    folder = importlib.import_module(FAMILIES).__path__
    return sorted(found.name for found in pkgutil.iter_modules(folder))


def family_module(model_type: str) -> str | None:
    """Return the module that a family's results depend on, for fingerprints; None without one."""
    name = model_type.replace("-", "_")
    return f"{FAMILIES}.{name}" if name in known() else None


@functools.cache
def family_of(model_type: str) -> Family:
    """Return the family of a `model_type`; one without a file is told from transformers' classes.

    Raises:
        UserError: transformers has no class of that type that classifies text.
    """
    module = family_module(model_type)
    if module:
        return importlib.import_module(module).FAMILY
    family = _generic(model_type)
    log.warning("family '%s' has no test here: it runs padded, as transformers has it", model_type)
    return family


def inputs(family: Family, batch: "Batch", padding: int | None) -> dict[str, Any]:
    """Return the keyword arguments of the family's own forward for a batch, each [S, L].

    padding: the token id that fills the shorter sequences; None where the family has none, as the
        mask hides them.
    """
    from stilts.models.batch import padded

    tokens, types, visible = padded(batch, padding or 0)
    arguments: dict[str, Any] = {"input_ids": tokens, "attention_mask": visible}
    if family.token_types:
        arguments["token_type_ids"] = types
    if family.causal:
        arguments["use_cache"] = False
    return arguments


def read_config(folder: Path | str) -> Any:
    """Return the transformers config of a checkpoint that can be fine-tuned on texts.

    Raises:
        UserError: the checkpoint is of no known family, of an encoder-decoder, or of a family
            that does not read text.
        OSError: there is no config.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except ValueError:
        raise UserError(
            f"{folder}: config.json names no 'model_type' that this transformers knows, or needs"
            f" code of its own, which is never run: use a model of {', '.join(known())}"
        ) from None
    if config.is_encoder_decoder:
        raise UserError(
            f"{folder}: family '{config.model_type}' is an encoder-decoder; use an encoder or a"
            f" causal model ({', '.join(known())})"
        )
    try:
        family_of(config.model_type)
    except UserError as error:
        raise UserError(f"{folder}: {error}") from None
    return config


def read_tokenizer(folder: Path | str) -> Any:
    """Return the tokenizer of a checkpoint.

    Raises:
        UserError: it is not there, or in a form that this environment does not read.
    """
    from transformers import AutoTokenizer

    local = {"local_files_only": True, "trust_remote_code": False}
    reason = "there is no vocabulary"
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **local)
        if len(tokenizer) > MADE_UP:
            return tokenizer
    except (ValueError, ImportError) as error:
        reason = str(error).strip().partition("\n")[0]
    raise UserError(
        f"{folder}: the tokenizer cannot be read ({reason}): put its tokenizer.json beside the"
        " model; save_pretrained writes it, from a sentencepiece file where that is installed"
    )


def choose_padding(family: Family, config: Any, tokenizer: Any) -> None:
    """Let eos be the padding of a causal model that has none, in its config and tokenizer.

    Raises:
        UserError: there is no eos either.
    """
    if not family.causal:
        return
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise UserError(
                f"{tokenizer.name_or_path}: the tokenizer has neither a pad_token nor an eos_token:"
                " name one of them in tokenizer_config.json"
            )
        tokenizer.pad_token = tokenizer.eos_token
    if config.pad_token_id is None:
        config.pad_token_id = tokenizer.pad_token_id


def _generic(model_type: str) -> Family:
    """Return what transformers' own classes tell of a family."""
    from transformers import (
        CONFIG_MAPPING,
        MODEL_FOR_CAUSAL_LM_MAPPING,
        MODEL_FOR_MASKED_LM_MAPPING,
        MODEL_FOR_MULTIPLE_CHOICE_MAPPING,
        MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    )

    config = CONFIG_MAPPING[model_type] if model_type in CONFIG_MAPPING else None
    if config not in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING:
        raise UserError(
            f"family '{model_type}' has no class in transformers that classifies text"
            f" (AutoModelForSequenceClassification); use a model of {', '.join(known())}"
        )
    choice = config in MODEL_FOR_MULTIPLE_CHOICE_MAPPING
    masked = config in MODEL_FOR_MASKED_LM_MAPPING
    causal = config in MODEL_FOR_CAUSAL_LM_MAPPING and not (masked or choice)
    forward = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[config].forward
    types = "token_type_ids" in inspect.signature(forward).parameters
    # GPT-like families that take token types look them up among the words.
    return Family(
        token_types=types and not causal, causal=causal, multiple_choice=choice, tested=False
    )
