from __future__ import annotations

import hashlib
import re
from importlib.resources import files

ASSETS = files("midas.reports").joinpath("assets")


def test_vendored_files_are_unchanged():
    kept = {name: hashlib.sha256(ASSETS.joinpath(name).read_bytes()).hexdigest() for name in ("uPlot.iife.min.js",)}
    assert kept == {"uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"}


def test_version_in_the_notice_is_the_one_in_the_code():
    banner = ASSETS.joinpath("uPlot.iife.min.js").read_text("utf-8").partition("\n")[0]
    assert "(v1.6.32)" in banner
    assert "| 1.6.32 |" in ASSETS.joinpath("NOTICE.md").read_text("utf-8")
    assert "MIT License" in ASSETS.joinpath("uPlot.LICENSE").read_text("utf-8")


def test_no_script_or_style_can_end_its_own_element():
    for asset in ASSETS.iterdir():
        text = asset.read_text("utf-8").lower()
        assert "</script" not in text
        assert "</style" not in text
        assert "<!--" not in text
        assert "\r" not in text


def test_own_scripts_are_short():
    for asset in ASSETS.iterdir():
        if not asset.name.startswith("uPlot"):
            assert len(asset.read_text("utf-8").splitlines()) <= 300


def test_every_colour_a_script_names_is_defined_for_light_and_dark():
    scripts = "".join(
        asset.read_text("utf-8") for asset in ASSETS.iterdir() if asset.suffix == ".js" and "uPlot" not in asset.name
    )
    named = set(re.findall(r'colour\("([a-z-]+)"\)', scripts))
    for inks in re.findall(r"line\(\"?\w+\"?, ([^,{]+),", scripts):
        named |= set(re.findall(r'"([a-z-]+)"', inks))
    style = ASSETS.joinpath("tearsheet.css").read_text("utf-8")
    light, dark = style.split("prefers-color-scheme: dark")
    assert {"strategy", "muted", "ink", "loss"} <= named
    assert [name for name in named if f"--{name}:" not in light or f"--{name}:" not in dark] == []
