import pytest

from tests.toys.invented_code import InventedCode

RIM = "def rim(): pass\n"


@pytest.fixture
def code(tmp_path):
    code = InventedCode(tmp_path)
    code.write("stilts/parts.py", "")
    code.write("stilts/engine.py", "from stilts.parts import wheel\n\n\ndef go(): wheel()\n")
    return code


def counted(code, entry="stilts.engine:go"):
    """What counts beside the entry, without the package's name."""
    found = (each.removeprefix("stilts.") for each in code.reached(entry) if each != entry)
    return " ".join(each.replace("parts:", "") for each in found)


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ("def wheel(): pass\ndef other(): pass\n", "wheel"),
        ("def wheel(): rim()\ndef rim(): SPOKES\nSPOKES = 3\nother = 4\n", "SPOKES rim wheel"),
        ("class wheel:\n    def turn(self): rim()\n" + RIM, "rim wheel"),
        ("def wheel(size=SIZE): pass\nSIZE: int = 1\n", "SIZE wheel"),
        ("def wheel(rim=rim): rim\n" + RIM, "rim wheel"),
        ("def wheel(rim): rim()\n" + RIM, "wheel"),
        ("def wheel():\n    def rim(): pass\n    rim()\n" + RIM, "wheel"),
        ("wheel = ()\nwheel += (rim,)\n" + RIM, "rim wheel"),
        ("wheel = lambda: rim()\n" + RIM, "rim wheel"),
        ("wheel, other = rim, 2\n" + RIM, "other rim wheel"),
        ("[wheel, *other] = 1, 2\n", "other wheel"),
        ("other = (wheel := 2)\n", "other wheel"),
        ("def wheel(): raise words()\ndef words(): pass\n", "wheel"),
        ("def wheel(): raise Flat(rim())\nclass Flat: pass\n" + RIM, "Flat wheel"),
        ("log.info(rim)\ndef wheel(): log.info(rim)\n" + RIM, "wheel"),
        ("if TYPE_CHECKING:\n    from stilts.parts import x\ndef wheel(a: x): x\n", "wheel"),
        ("if TYPE_CHECKING: pass\nelse:\n    x = 2\ndef wheel(a: x): pass\n", "wheel x"),
    ],
)
def test_a_definition_counts_with_what_it_names(code, parts, names):
    code.write("stilts/parts.py", parts)
    assert counted(code) == names


@pytest.mark.parametrize(
    "statement",
    [
        "os.environ.setdefault('A', 'b')",
        "TABLE['a'] = rim",
        "wheel.size = rim",
        "wheel.size, other = 1, 2",
        "if rim: pass",
        "for _ in (): pass",
        "with rim(): pass",
        "try: pass\nexcept rim: pass",
        "assert rim",
        "del other",
        "from stilts.missing import *",
        "@rim\ndef other(): pass",
        "@rim.keep('other')\nclass Other: pass",
    ],
)
def test_what_importing_a_module_does_counts_with_each_of_its_definitions(code, statement):
    parts = f"{RIM}def wheel(): pass\n"
    code.write("stilts/parts.py", f"{parts}{statement}\n")
    assert "(on import)" in counted(code)
    with_it = code.fingerprint("stilts.engine:go")
    code.write("stilts/parts.py", parts)
    assert code.fingerprint("stilts.engine:go") != with_it
    assert counted(code) == "wheel"


def test_a_decorator_from_elsewhere_only_decorates(code):
    code.write(
        "stilts/parts.py",
        "import functools\ndef wheel(): pass\n@functools.cache\ndef other(): pass\n",
    )
    assert counted(code) == "wheel"


@pytest.mark.parametrize("name", ["wheel", "Class", "made", "caught", "held"])
def test_what_a_compound_statement_binds_counts_as_what_the_import_does(code, name):
    code.write(
        "stilts/parts.py",
        """
        for made in ():
            if made:
                wheel = 1
                class Class: pass
        try:
            caught = 1
        except ValueError:
            caught = 2
        with open() as held: pass
        """,
    )
    code.write("stilts/engine.py", f"from stilts.parts import {name}\ndef go(): {name}\n")
    assert counted(code) == "(on import)"


def test_importing_a_module_imports_its_packages(code):
    code.write("stilts/engine.py", "from stilts.deep.parts import wheel\ndef go(): wheel()\n")
    code.write("stilts/deep/parts.py", "wheel = 1\n")
    code.write("stilts/__init__.py", "print()\n")
    code.write("stilts/deep/__init__.py", "print()\n")
    assert counted(code) == "deep.wheel deep:(on import) stilts:(on import)"


@pytest.mark.parametrize(
    ("engine", "names"),
    [
        ("from stilts.parts import wheel as w\ndef go(): w()\n", "wheel"),
        ("from .parts import wheel\ndef go(): wheel()\n", "wheel"),
        ("from stilts import parts\ndef go(): parts.wheel()\n", "wheel"),
        ("from . import parts\ndef go(): parts.wheel.size.sum()\n", "wheel"),
        ("import stilts.parts\ndef go(): stilts.parts.wheel()\n", "wheel"),
        ("import stilts.parts as p\ndef go(): p.wheel()\n", "wheel"),
        ("def go():\n    from stilts.parts import wheel\n    wheel()\n", "wheel"),
        ("def go(): pass\ndef other():\n    from stilts.parts import wheel\n    wheel()\n", ""),
        ("from stilts import parts\ndef go(): print(parts)\n", "rim wheel"),
        ("from stilts import parts\ndef go(): getattr(parts, name)\n", "rim wheel"),
        ("from stilts import parts\ndef go(): parts.__name__\n", "rim wheel"),
        ("import stilts.parts\ndef go(): print(stilts)\n", "rim wheel"),
        ("from stilts.parts import unheard_of\ndef go(): unheard_of()\n", "rim wheel"),
        ("from stilts.parts import *\ndef go(): wheel()\n", "rim wheel engine:(on import)"),
        ("from stilts.parts import wheel, rim\ndef go(): pass\n", ""),
        ("try:\n    from stilts.parts import wheel\nfinally: pass\ndef go(): wheel()\n", "both"),
    ],
)
def test_an_import_counts_for_the_names_that_are_used(code, engine, names):
    code.write("stilts/parts.py", "def wheel(): pass\n" + RIM)
    code.write("stilts/engine.py", engine)
    assert sorted(counted(code).split()) == sorted(
        names.replace("both", "wheel engine:(on import)").split()
    )


def test_a_name_that_is_passed_on_is_followed_to_where_it_is_defined(code):
    code.write("stilts/engine.py", "from stilts.shop import parts as p, w\ndef go(): p.wheel, w\n")
    code.write(
        "stilts/shop.py", "from stilts import parts\nfrom stilts.axle import w, v\nother = 1\n"
    )
    code.write("stilts/parts.py", "def wheel(): pass\n" + RIM)
    code.write("stilts/axle.py", "w, v = 1, 2\n")
    assert counted(code) == "axle:v axle:w wheel"


def test_names_that_modules_import_from_each_other_come_to_an_end(code):
    code.write("stilts/parts.py", "from stilts.shop import wheel\n")
    code.write("stilts/shop.py", "from stilts.parts import wheel\n")
    assert counted(code) == ""


def test_definitions_that_name_each_other_all_count(code):
    code.write(
        "stilts/parts.py",
        "def wheel(): rim()\ndef rim():\n    from stilts.engine import go\n    go(wheel, rim)\n",
    )
    assert counted(code) == "rim wheel"
    assert counted(code, "stilts.parts:rim") == "engine:go wheel"


def test_a_whole_module_counts_with_what_only_others_may_use(code):
    code.write(
        "stilts/engine.py", "from stilts.parts import rim, wheel\ndef go(): wheel()\nX = 1\n"
    )
    code.write("stilts/parts.py", "def wheel(): pass\n" + RIM)
    assert counted(code, "stilts.engine") == "engine:X engine:go rim wheel"


def test_an_import_from_elsewhere_counts_where_it_is_used(code):
    text = "import json\nimport numpy as np\ndef wheel(): np.sum()\ndef other(): json.dumps()\n"
    code.write("stilts/parts.py", text)
    before = code.fingerprint("stilts.engine:go")
    code.edit("stilts/parts.py", "import json", "import ujson as json")
    assert code.fingerprint("stilts.engine:go") == before
    code.edit("stilts/parts.py", "import numpy as np", "import jax.numpy as np")
    assert code.fingerprint("stilts.engine:go") != before
