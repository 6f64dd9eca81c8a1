import ast

import pytest

from stilts.files.essence import below, essence

WHEEL = '''
def turn(wheel, speed=2.5):
    """Turn a wheel."""
    import math

    if speed < 0:
        raise ValueError(f"cannot turn at {speed}")
    log.info("turning %s", wheel)
    text = """two
    lines  """
    return math.tau * speed, f"{wheel!r:>{speed}} turns", text
'''


def essence_of(source, known=()):
    asked = []

    def refer(names):
        asked.append(".".join(names))
        return f"@{names[0]}" if names[0] in known else None

    return essence(ast.parse(source).body, refer), asked


def edited(old, new):
    assert WHEEL.count(old) == 1
    return WHEEL.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Turn a wheel.", "Turn it.\n\n    In three\n    lines."),
        ('    """Turn a wheel."""\n', ""),
        ("    import math\n", "    import math  # for tau\n\n\n"),
        ("(wheel, speed=2.5)", "(\n    wheel,\n    speed = 2.50,\n)"),
        ('"cannot turn at {speed}"', '"no turn at {speed}", speed'),
        ('f"cannot turn at {speed}"', "words_for(speed)"),
        ('log.info("turning %s", wheel)', 'log.debug("turns")'),
        ('    log.info("turning %s", wheel)\n', "    pass\n"),
        ("    log.info", "    self._logger.warning"),
        ("    log.info", "    warnings.warn"),
        ('"""two\n    lines  """', '"two\\n    lines  "'),
        ("    text = ", "    text = \\\n        "),
        ("math.tau * speed,", "(math . tau * speed),"),
    ],
)
def test_what_changes_no_result_is_no_part_of_it(old, new):
    assert essence_of(edited(old, new)) == essence_of(WHEEL)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def turn", "def roll"),
        ("(wheel, speed=2.5)", "(wheel, /, speed=2.5)"),
        ("=2.5", "=2"),
        ("speed < 0", "speed <= 0"),
        ("ValueError", "KeyError"),
        ('raise ValueError(f"cannot turn at {speed}")', "return"),
        ('f"cannot turn at {speed}")', "speed) from cause"),
        ("log.info", "log.write"),
        ("    lines  ", "    lines "),
        ('"""two\n', '"""two\n\n'),
        ("math.tau * speed", "speed * math.tau"),
        ("!r", "!s"),
        (":>{", ":<{"),
        (" turns", "turns"),
    ],
)
def test_what_changes_a_result_is_part_of_it(old, new):
    assert essence_of(edited(old, new)) != essence_of(WHEEL)


def test_the_message_of_an_assert_is_words():
    assert essence_of("assert ready, 'not yet'") == essence_of("assert ready")
    assert essence_of("assert ready") != essence_of("assert steady")


def test_a_function_that_finds_the_words_of_an_error_is_not_asked_for():
    assert essence_of("raise unknown(name)") == essence_of("raise unknown(names, place)")
    assert essence_of("raise unknown(name)", ["unknown"])[1] == []
    assert essence_of("raise errors._unknown(name) from cause")[1] == ["cause"]
    assert essence_of("raise Unknown(name)")[1] == ["Unknown"]
    assert essence_of("raise kept")[1] == ["kept"]


def test_what_is_for_types_only_is_no_part_of_it():
    typed = "if TYPE_CHECKING:\n    import numpy\n    Number = int\nelse:\n    Number = float\n"
    assert essence_of(typed) == essence_of("Number = float")
    assert essence_of(typed.replace("TYPE", "typing.TYPE")) == essence_of("Number = float")
    assert [type(node) for node in below(ast.parse(typed).body)] == [ast.Assign]


def test_a_character_that_ends_lines_only_in_python_strings_is_kept():
    assert (
        essence_of('SIGN = "\u2028"') == essence_of(r'SIGN = "\u2028"') != essence_of('SIGN = ""')
    )


def test_a_dotted_name_is_asked_for_whole_and_replaced_by_what_it_stands_for():
    text, asked = essence_of("def go():\n    return car.wheels.front(rim)[0].size", ["car"])
    assert asked == ["car.wheels.front", "rim"]
    assert "<@car>" in text and "<rim>" in text and ".size" in text


def test_variables_of_a_function_are_not_asked_for():
    source = """
        def go(a, /, b, *c, d, **e):
            f = 1
            for g, h in (): pass
            with open() as i: j: int = 1
            def k(l): return a, m, lambda n: (l, n)
            class O: p = 1
            return a, b, c, d, e, f, g, h, i, j, k, O
    """
    _, asked = essence_of("if True:" + source)
    assert set(asked) == {"open", "m", "p", "int"}


def test_names_outside_of_a_functions_body_are_not_its_variables():
    source = "@wrap\ndef go(wrap=size, size: kind = 1) -> wrap:\n    kind = size\n"
    assert essence_of(source)[1] == ["wrap", "kind", "size", "wrap"]
    assert "rate" in essence_of("def go():\n    class Car:\n        rate = 1\n    rate()")[1]
    assert "rate" in essence_of("def go():\n    [rate for rate in ()]\n    return rate")[1]
    assert "rate" in essence_of("class Car:\n    rate = 1\n    def go(self):\n        rate()")[1]


@pytest.mark.parametrize(
    "line", ["global rate", "import rate", "from engine import torque as rate"]
)
def test_a_name_that_a_function_shares_or_imports_is_asked_for(line):
    assert "rate" in essence_of(f"def go():\n    {line}\n    rate = 1\n    return rate")[1]
