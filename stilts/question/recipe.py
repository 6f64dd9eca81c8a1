"""The one list of settings: the name, short name, form, default and meaning of each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from stilts.errors import UserError, unknown
from stilts.question import forms

NEEDED = object()  # the default of a setting that has none: a study states it
_NAME = "^[a-z0-9][a-z0-9_.-]*$"


class Field(NamedTuple):
    """A setting.

    Attributes:
        name: its key in YAML files, recipes and run files.
        short: what stands for it in the name of a grid point; empty for what is no axis.
        form: what its value may be, in the words of JSON Schema that `stilts.question.forms` knows.
        default: its value where nobody states one.
        meaning: what it does, for readers.
    """

    name: str
    short: str
    form: Mapping[str, Any]
    default: Any
    meaning: str


_COUNT = {"type": "integer", "minimum": 1}
_SEED = {"type": "integer", "minimum": 0}
_POSITIVE = {"type": "number", "exclusiveMinimum": 0}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_BELOW_ONE = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
_BETAS = {"type": "array", "items": _BELOW_ONE, "minItems": 2, "maxItems": 2}
_SELECT = {
    "type": "string",
    "pattern": r"^(last|best:[a-z0-9][a-z0-9_.-]*\.[a-z0-9_]+)$",
    "description": "last or best:<task>.<metric>",
}
_HEAD = {"type": "string", "pattern": "^(?!none$)[a-z][a-z0-9_]*$", "description": "a name"}
_NAMES = {"type": "array", "items": {"type": "string", "pattern": _NAME, "description": "a name"}}


def _or_null(form: Mapping[str, Any]) -> dict[str, Any]:
    return {**form, "type": [form["type"], "null"]}


# Of training: what a recipe holds. Each may be an axis of a grid.
TRAINING = (
    Field("epochs", "ep", _COUNT, NEEDED, "passes over the training set"),
    Field("batch", "bs", _COUNT, NEEDED, "examples of an optimiser step"),
    Field(
        "micro_batch",
        "mb",
        _or_null(_COUNT),
        None,
        "examples of a forward pass, whose gradients add up to a step; null: the whole batch",
    ),
    Field(
        "max_tokens",
        "mt",
        {"type": "integer", "minimum": 4},
        NEEDED,
        "length at which an example is cut; a task's block in the catalogue gives its own",
    ),
    Field(
        "stride",
        "st",
        {"type": "integer", "minimum": 0},
        128,
        "tokens that two windows of a text share, where a question is asked on a long one",
    ),
    Field(
        "decode",
        "dc",
        {"enum": ["best_span", "independent"]},
        "best_span",
        "how an answer is read off a text: the span with the highest sum of its two ends, none if"
        " the first token's is higher; or the first and the last token each with its highest, as"
        " Zhang and Zhang 2021 have it",
    ),
    Field(
        "longest_answer",
        "la",
        _COUNT,
        30,
        "tokens of an answer at most; `decode: independent` knows no such bound",
    ),
    Field(
        "layout",
        "ly",
        {"enum": ["template", "one_separator"]},
        "template",
        "of a source text that holds the answer and the auxiliary one: as the tokenizer has it for"
        " pairs, or with a single separator, between the two, as Keskar et al. 2019 write it",
    ),
    Field(
        "answerless",
        "al",
        {"enum": ["left_out", "ignored"]},
        "left_out",
        "what a window of a source without its answer is in training: left out, as no number of it"
        " can stand for none, or in its batch without a loss",
    ),
    Field(
        "across",
        "ac",
        {"enum": ["sum", "share"]},
        "sum",
        "which window of a source answers: the highest sum of its two ends, or product of shares",
    ),
    Field("lr", "lr", _POSITIVE, NEEDED, "learning rate at its highest"),
    Field("warmup", "wu", _SHARE, 0.0, "share of all steps in which the learning rate rises"),
    Field("weight_decay", "wd", {"type": "number", "minimum": 0}, 0.0, "on every parameter"),
    Field("eps", "eps", _POSITIVE, 1e-8, "of AdamW"),
    Field(
        "eps_at",
        "ea",
        {"enum": ["corrected", "uncorrected"]},
        "corrected",
        "what eps is added to: the root of the second moment with its bias corrected, as in"
        " PyTorch, or before that, as in transformers until version 4",
    ),
    Field("betas", "be", _BETAS, [0.9, 0.999], "of AdamW"),
    Field("clip", "cl", _or_null(_POSITIVE), 1.0, "norm to which gradients are cut; null: never"),
    Field(
        "clip_each",
        "ce",
        {"enum": ["step", "micro_batch"]},
        "step",
        "when gradients are cut: before a step, or after every micro-batch",
    ),
    Field(
        "clip_over",
        "co",
        {"enum": ["all", "each"]},
        "all",
        "whose norm is cut: that of all parameters together, or each parameter's own",
    ),
    Field(
        "last_window",
        "lw",
        {"enum": ["step", "carry"]},
        "step",
        "what an incomplete last batch does: a step, or it leaks into the next epoch",
    ),
    Field(
        "select",
        "sel",
        _SELECT,
        "last",
        "whose epoch's weights and scores count: the last, or the best by a task's metric",
    ),
    Field(
        "evaluate",
        "ev",
        {"enum": ["epoch", "last"]},
        "epoch",
        "when a run is scored: after every epoch, or the last alone: no curve and no best epoch",
    ),
    Field(
        "optimizer",
        "opt",
        {"enum": ["adamw", "adamw_uncorrected"]},
        "adamw",
        "AdamW with or without bias correction",
    ),
    Field(
        "schedule",
        "sch",
        {"enum": ["linear", "constant"]},
        "linear",
        "the learning rate after warmup: down to 0 in a line, or as it is",
    ),
    Field("freeze", "fr", {"enum": [None, "encoder"]}, None, "what is not trained; null: nothing"),
    Field("head", "hd", _or_null(_HEAD), None, "head of the model; null: the kind's own"),
    Field("dropout", "dr", _or_null(_BELOW_ONE), None, "of the head; null: the model's own"),
    Field(
        "pooler",
        "po",
        {"enum": ["carried", "new"]},
        "carried",
        "of an encoder that has one, where the head reads it: as it came, or new like the head",
    ),
    Field(
        "encoder",
        "en",
        {"enum": ["carried", "new"]},
        "carried",
        "its weights: as they came, or drawn anew by the family's rule, of no training at all",
    ),
    Field("seed", "s", _SEED, NEEDED, "of new weights, of dropout, and of the order of examples"),
    Field(
        "order_seed",
        "os",
        _or_null(_SEED),
        None,
        "of the order of examples, where it is not to be the seed's",
    ),
    Field("subset_seed", "ss", _SEED, 42, "of the sample that a stage's size (`@2000`) takes"),
    Field(
        "rounds",
        "ro",
        _or_null(_COUNT),
        None,
        "turns of an epoch, a batch of each task of a stage; null: until the longest is through",
    ),
)
# Of training too, but no part of a recipe: what `auto` comes to depends on the machine, and a
# result is keyed by that.
PRECISION = Field(
    "precision",
    "",
    {"enum": ["auto", "fp32", "bf16"]},
    "auto",
    "of training and scoring; auto: bf16 on a GPU, and on a CPU that gains from it, else fp32;"
    " the key `precision` of your config goes over it",
)
# Of scoring: they stand where settings of training do, and tell of tasks.
METRIC = Field(
    "metric",
    "",
    {"type": "string", "pattern": "^[a-z0-9_]+$", "description": "a name"},
    NEEDED,
    "what a task is scored by; its block in the catalogue gives its own",
)
SCORED = Field(
    "scored",
    "",
    {**_NAMES, "minItems": 1},
    NEEDED,
    "splits that a task is scored on; of several the mean; the catalogue gives the task's own",
)
WATCH = Field(
    "watch",
    "",
    _NAMES,
    [],
    "tasks that a stage is scored on after each epoch, besides its own",
)
PASS_HEAD = Field(
    "pass_head",
    "",
    {"enum": ["same", "any", "none"]},
    "same",
    "what a stage's heads go on into: the head of the same task (one of multiple choice into that"
    " of any), any head of its form and shape, as from_pretrained has it, or none, not even a"
    " pooler that came with it",
)
NEW_HEADS = Field(
    "new_heads",
    "",
    _COUNT,
    24,
    "draws of a new head where a checkpoint has none for a task; its score is their mean",
)
SCORING = (METRIC, SCORED, WATCH, NEW_HEADS)
FIELDS = {field.name: field for field in (*TRAINING, PRECISION, PASS_HEAD, *SCORING)}
AXES = {field.name: field for field in TRAINING}
SHORT = {field.short: field for field in TRAINING}
# How the rows of a task are read, and answers off them.
READING = (
    *("max_tokens", "stride", "decode", "longest_answer"),
    *("layout", "answerless", "across"),
)
# What each task of a stage of several brings; all else is the stage's.
POSED = (*READING, "head", "metric", "scored")


def complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of training with the defaults of those that are not given.

    Without a default are `epochs`, `batch`, `max_tokens`, `lr` and `seed`; `order_seed` is that.
    """
    defaults = {field.name: field.default for field in TRAINING if field.default is not NEEDED}
    found = {**defaults, **settings}
    if found["order_seed"] is None:
        found["order_seed"] = found.get("seed")
    return found


def check(name: str, value: Any, place: str) -> Any:
    """Return the value of a setting; a number that arrives as text, as YAML's 1e-5, as a number.

    Raises:
        UserError: the value does not fit the setting; one line that starts with `place`.
    """
    form = FIELDS[name].form
    read = forms.read(value, form)
    if not forms.fits(read, form):
        raise UserError(f"{place}: {value!r} is not {forms.described(form)}")
    return read


def check_name(name: str, known: Mapping[str, Any], place: str) -> None:
    """Raise a `UserError` that lists the known settings for one that is not among them."""
    if name not in known:
        raise unknown("setting", name, known, place)
