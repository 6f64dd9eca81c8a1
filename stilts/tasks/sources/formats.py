"""Files of rows by their form: csv, tsv, json, jsonl, parquet, lines without a heading, SQuAD."""

import csv
import io
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stilts.errors import UserError, shown
from stilts.files.pointers import demand_content
from stilts.tasks.sources import questions

Row = dict[str, Any]
BY_ENDING = ("csv", "tsv", "json", "jsonl", "parquet", "txt")
# Forms of published data sets, which no ending tells.
PUBLISHED: dict[str, Callable[[Path, str], list[Row]]] = {
    "mrqa": questions.read_mrqa,
    "zero_shot_re": questions.read_zero_shot_re,
    "qa_srl": questions.read_qa_srl,
    "commonsense_qa": questions.read_commonsense_qa,
}
FORMATS = (*BY_ENDING, "squad", *PUBLISHED)
_ENDINGS = {**{f".{name}": name for name in BY_ENDING}, ".lst": "txt", ".ndjson": "jsonl"}

csv.field_size_limit(sys.maxsize)  # a cell may hold a book; the library's limit is 131,072


def format_of(path: Path) -> str:
    """Return the form that a file's ending stands for.

    Raises:
        UserError: it stands for none.
    """
    if path.suffix not in _ENDINGS:
        raise UserError(
            f"{path}: unknown ending '{path.suffix}'; allowed: {', '.join(_ENDINGS)};"
            " or say 'format' in the task's source"
        )
    return _ENDINGS[path.suffix]


def read_rows(
    path: Path, form: str, *, names: Sequence[str] = (), quoted: bool = False
) -> list[Row]:
    """Return the rows of a file, column -> value.

    Args:
        path: a file that is there.
        form: one of FORMATS.
        names: of the columns of lines without a heading (txt).
        quoted: the fields of a tsv may be quoted as in a csv.

    Raises:
        UserError: it is damaged, or names a column twice; one line with the row.
    """
    if form == "txt":
        return _read_lines(path, names)
    if form == "tsv":
        return _read_tsv(path, quoted)
    if form in PUBLISHED:
        return PUBLISHED[form](path, read_text(path))
    return READERS[form](path)


def read_parquet(path: Path) -> list[Row]:
    """Return the rows of a parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    demand_content(path)
    try:
        # One file at a time: read_table would take columns from folder names such as a=b.
        with pq.ParquetFile(path) as file:
            _demand_once(file.schema_arrow.names, f"{path}")
            return file.read().to_pylist()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"{path} is not a whole parquet file ({reason}): fetch it again") from None


def read_text(path: Path) -> str:
    """Return the content of a UTF-8 file, a byte order mark left out."""
    demand_content(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text (byte {error.start}): convert it") from None


def _read_jsonl(path: Path) -> list[Row]:
    numbered = enumerate(read_text(path).split("\n"), start=1)
    return [
        _row(_parsed(line, f"{path}, line {number}"), f"{path}, line {number}")
        for number, line in numbered
        if line.strip()
    ]


def _read_json(path: Path) -> list[Row]:
    """Read an array of objects, or, as some write it under this ending, an object a line."""
    text = read_text(path)
    if not text.lstrip().startswith("["):
        return _read_jsonl(path)
    rows = _parsed(text, str(path))
    return [_row(row, f"{path}, item {number}") for number, row in enumerate(rows, start=1)]


def _read_squad(path: Path) -> list[Row]:
    """Read articles of paragraphs of questions, as SQuAD is published, a question a row."""
    try:
        return [
            {
                "id": asked["id"],
                "title": article.get("title", ""),
                "context": paragraph["context"],
                "question": asked["question"],
                "answers": {
                    "text": [answer["text"] for answer in asked["answers"]],
                    "answer_start": [answer["answer_start"] for answer in asked["answers"]],
                },
            }
            for article in _parsed(read_text(path), str(path))["data"]
            for paragraph in article["paragraphs"]
            for asked in paragraph["qas"]
        ]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{path}: not of the form of SQuAD, data[].paragraphs[].qas[] with id, question and"
            f" answers ({type(error).__name__}: {error}): name another 'format' in the source"
        ) from None


def _parsed(text: str, place: str) -> Any:
    def pairs(found: list[tuple[str, Any]]) -> Row:
        _demand_once([key for key, _ in found], place)
        return dict(found)

    try:
        return json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        raise UserError(f"{place}: not JSON ({error.msg}): fix it") from None


def _row(row: Any, place: str) -> Row:
    if not isinstance(row, dict):
        raise UserError(f"{place}: expected an object of columns, found {shown(row)}")
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.start + 1]
        raise UserError(
            f"{place}: half a character ({ascii(half)[1:-1]}, a surrogate without its other half):"
            " fix the text"
        ) from None
    return row


def _read_csv(path: Path) -> list[Row]:
    return _read_table(path, delimiter=",")


def _read_tsv(path: Path, quoted: bool) -> list[Row]:
    if quoted:
        return _read_table(path, delimiter="\t")
    # Published tsv files (GLUE, CoLA, WiC) hold bare quotation marks, which mean nothing there.
    rows = _read_table(path, delimiter="\t", quoting=csv.QUOTE_NONE)
    for column in rows[0] if rows else ():
        if all(len(row[column]) > 1 and row[column][0] == row[column][-1] == '"' for row in rows):
            print(
                f"warning: {path}: every field of column '{column}' stands in quotation marks,"
                " which are read as text: if they are not, say 'quoted: true' in the source",
                file=sys.stderr,
            )
    return rows


def _read_table(path: Path, **dialect: Any) -> list[Row]:
    reader = csv.reader(io.StringIO(read_text(path)), strict=True, **dialect)
    rows = []
    try:
        columns = next(reader, [])
        _demand_once(columns, f"{path}: the first line")
        for fields in reader:
            if fields and len(fields) != len(columns):
                raise UserError(
                    f"{path}, line {reader.line_num}: {len(fields)} fields, but the first line"
                    f" names {len(columns)} columns: fix the line"
                )
            if fields:
                rows.append(dict(zip(columns, fields, strict=True)))
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}: fix the line") from None
    return rows


def _read_lines(path: Path, names: Sequence[str]) -> list[Row]:
    rows = []
    for number, fields in enumerate(bare_lines(path), start=1):
        if len(fields) != len(names):
            raise UserError(
                f"{path}, line {number}: {len(fields)} fields, but 'columns' of the task's source"
                f" has {len(names)} names for them: {', '.join(names) or 'none'}"
            )
        rows.append(dict(zip(names, fields, strict=True)))
    return rows


def bare_lines(path: Path) -> list[list[str]]:
    """Return the fields of every line of a file without a heading, cut at tabs."""
    lines = [line.removesuffix("\r").split("\t") for line in read_text(path).split("\n")]
    return lines[:-1] if lines[-1] == [""] else lines  # the last line ends too


def _demand_once(names: Sequence[str], place: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{place} names the column '{name}' twice: rename or drop one")


READERS: dict[str, Callable[[Path], list[Row]]] = {
    "csv": _read_csv,
    "json": _read_json,
    "jsonl": _read_jsonl,
    "parquet": read_parquet,
    "squad": _read_squad,
}
