"""Nothing but the checkout: no file names a machine, or leads out of it."""

import re

import yaml

from tests.setup.checkout import texts
from tools import ROOT

# A path from the root into somebody's own folders. What stands before it must not make it part of a
# web address.
MACHINE_PATH = re.compile(
    r"(?<![\w.:/}~)-])/(?:work|root|home|Users|tmp|mnt|media|srv)(?:/|(?=[\s\"'`,;:)]|$))"
)
CLIMB = re.compile(r"(?<![\w./])(?:\./)?((?:\.\./)+)")


def machine_paths(text: str) -> list[str]:
    return [
        text[max(0, found.start() - 20) : found.end() + 30] for found in MACHINE_PATH.finditer(text)
    ]


def climbs_out(name: str, text: str) -> bool:
    """Whether a relative path in this file leads above the checkout."""
    depth = name.count("/")
    return any(found.group(1).count("../") > depth for found in CLIMB.finditer(text))


def test_machine_paths_are_recognised():
    for planted in ("home/ada/book", "root/x", "work/main", "tmp/ipykernel_12/3.py", "Users/ada"):
        assert machine_paths("open('/" + planted + "')")
        assert machine_paths("see /" + planted)
    for harmless in (
        "https://example.org/home/ada",
        "a/work/b",
        "and/or",
        "../work/x",
        "1/2",
        "/usr/bin/env",
        "$(HOME)/root",
    ):
        assert not machine_paths(harmless)
    up = "../"
    assert climbs_out("chapters/iid.ipynb", up + up + "shared") and climbs_out(
        "README.md", up + "x"
    )
    assert not climbs_out("chapters/iid.ipynb", up + "_static/x.png")


def test_no_tracked_file_names_a_machine_path_or_leads_out_of_the_checkout():
    faults = []
    for name, text in texts():
        faults += [f"{name}: ...{excerpt}..." for excerpt in machine_paths(text)]
        if climbs_out(name, text):
            faults.append(f"{name}: leads above the checkout")
    assert not faults, "\n".join(faults)


def test_the_repositorys_address_stands_in_one_place():
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"][
        "url"
    ]
    place = address.split("://")[1].removesuffix("/")
    assert place in (ROOT / "_config.yml").read_text(encoding="utf-8")
    assert [name for name, text in texts() if place in text and name != "_config.yml"] == []
