"""Errors as answers."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from midas.core.errors import InvalidInput, MidasError
from midas.wire.problem import MEDIA_TYPE, Problem

_CODES = {400: "bad_request", 404: "no_such_route", 405: "method_not_allowed", 413: "too_large"}
_HINTS = {
    400: "Send JSON that parses.",
    404: "See /docs for what there is.",
    405: "See /docs for what this address takes.",
    413: "Send less at once.",
}
_LONGEST_PLACE = 80


def problem_response(problem: Problem) -> Response:
    """Return the answer that says what went wrong."""
    return Response(problem.model_dump_json(), status_code=problem.status, media_type=MEDIA_TYPE)


def http_problem(status: int) -> Problem:
    """Return the problem of a request that reached no function of ours; says nothing of the request itself."""
    phrase = HTTPStatus(status).phrase
    return Problem(
        type="about:blank",
        title=phrase,
        status=status,
        detail=f"{phrase}.",
        code=_CODES.get(status, "http_error"),
        hint=_HINTS.get(status, ""),
    )


def answer_errors(app: FastAPI) -> None:
    """Make every error leave `app` as a problem document."""
    app.add_exception_handler(MidasError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(_request: Request, error: Exception) -> Response:
    assert isinstance(error, MidasError)
    return problem_response(Problem.of(error))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # places and messages only: an error document must not repeat what was sent
    findings = [f"{_place(each['loc'])}: {each['msg']}" for each in error.errors()]
    wrong = InvalidInput(
        findings[0] + ".", hint="See /docs for what this address takes.", code="invalid_request", findings=findings
    )
    return problem_response(Problem.of(wrong))


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = problem_response(http_problem(error.status_code))
    response.headers.update(error.headers or {})
    return response


async def _unexpected(_request: Request, _error: Exception) -> Response:
    # the server logs what went wrong: it is raised again once this is sent
    wrong = MidasError("Something went wrong inside Midas.", hint="The server's log has the details.", code="internal")
    return problem_response(Problem.of(wrong))


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)[:_LONGEST_PLACE]
