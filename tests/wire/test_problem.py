from __future__ import annotations

import pytest

from midas.core import errors
from midas.core.errors import MidasError
from midas.wire.problem import STATUS, Problem

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MidasError)]


class TestEveryErrorClass:
    def test_has_a_status(self):
        assert set(KINDS) == set(STATUS)

    @pytest.mark.parametrize("kind", KINDS)
    def test_comes_back_as_itself_with_everything_it_said(self, kind):
        error = kind("what happened", hint="do this", code="a_code", findings=("one", "two"))
        back = Problem.model_validate_json(Problem.of(error).model_dump_json()).error()
        assert type(back) is kind
        assert (back.message, back.hint, back.code, back.findings) == (
            "what happened",
            "do this",
            "a_code",
            ("one", "two"),
        )

    @pytest.mark.parametrize("kind", KINDS)
    def test_keys_are_always_present(self, kind):
        document = Problem.of(kind("what happened")).model_dump()
        assert set(document) == {"type", "title", "status", "detail", "code", "hint", "findings"}
        assert 400 <= document["status"] < 600

    def test_types_are_distinct(self):
        assert len({Problem.of(kind("x")).type for kind in KINDS}) == len(KINDS)


class TestUnknownProblems:
    def test_an_error_class_of_ours_that_was_derived_is_told_as_its_parent(self):
        class Special(errors.NotFound):
            pass

        assert Problem.of(Special("x")).status == 404

    @pytest.mark.parametrize(("status", "kind"), [(404, errors.NotFound), (403, errors.Refused), (423, errors.Busy)])
    def test_a_foreign_type_is_judged_by_its_status(self, status, kind):
        problem = Problem(type="about:blank", title="t", status=status, detail="d", code="c")
        assert isinstance(problem.error(), kind)

    def test_a_status_nobody_knows_is_a_plain_error(self):
        assert type(Problem(type="about:blank", title="t", status=418, detail="d", code="c").error()) is MidasError
