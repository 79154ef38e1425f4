from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.reports.page import Page

from midas.reports.markup import Html, clean, element, html, joined


class TestElement:
    @given(st.text(), st.text())
    def test_any_text_comes_back_as_text_and_nothing_else(self, text, attribute):
        page = Page(element("p", text, title=attribute).source)
        (node,) = page.root.all()
        assert node.tag == "p"
        assert node.attributes == {"title": _read(attribute)}
        assert node.text == _read(text)

    def test_html_is_not_escaped_twice(self):
        assert element("p", element("b", "<")).source == "<p><b>&lt;</b></p>"

    def test_attributes(self):
        assert element("td", class_="gain", data_value="x", hidden=True, title=None).source == (
            '<td class="gain" data-value="x" hidden></td>'
        )

    def test_void(self):
        assert element("meta", charset="utf-8").source == '<meta charset="utf-8">'


def test_clean_replaces_what_hides_or_reorders_text():
    assert clean("a\x00b\u202ec\ud800d\u2066e") == "a\ufffdb\ufffdc\ufffdd\ufffde"
    assert clean("삼성전자 \t\n é 😀") == "삼성전자 \t\n é 😀"


def test_joined_escapes_only_text():
    assert joined((Html("<br>"), "<"), " ").source == "<br> &lt;"
    assert html("&") == "&amp;"


def _read(text: str) -> str:
    return clean(text)
