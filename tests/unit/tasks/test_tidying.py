import pytest

from stilts.errors import UserError
from stilts.question.catalogue import Task
from stilts.tasks.columns import canonical_rows
from stilts.tasks.tidying import lower_spaced

BLOCK = {"kind": "pair", "source": {"hub": "a/b"}, "first": ["{a}"], "second": ["{b}"]}
BLOCK |= {"labels": ["0.0", "1.0"], "tidy": "lower_spaced"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (" It 's GOOD .", "it 's good ."),
        ("Who's there?", "who 's there ?"),
        ("Yes, 3.5!", "yes , 3 .5!"),
        ("a\t b", "a b"),
        ("", ""),
    ],
)
def test_a_text_is_written_as_the_starter_code_writes_it(text, wanted):
    assert lower_spaced(text) == wanted


def test_the_texts_of_a_row_are_tidied_and_its_label_is_not():
    task, raw = (
        Task.from_block("t", BLOCK, "here").as_dict(),
        {"a": "A.", "b": "B?", "label": "1.0"},
    )
    assert canonical_rows(task, [raw]) == [
        {"id": "0", "first": ["a ."], "second": ["b ?"], "label": 1}
    ]
    [plain] = canonical_rows(task | {"tidy": ""}, [raw])
    assert plain["first"] == ["A."]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tidy": "upper"}, "tidy: unknown value 'upper'; allowed: lower_spaced"),
        ({"kind": "corpus", "text": "{a}", "labels": []}, "'tidy' is about texts that no offset"),
    ],
)
def test_a_tidying_that_cannot_be_is_refused(change, said):
    with pytest.raises(UserError) as caught:
        Task.from_block("t", BLOCK | change, "here")
    assert said in str(caught.value)
