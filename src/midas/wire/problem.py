"""Errors as problem documents (RFC 9457), and back."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import Field

from midas.core.errors import (
    AlreadyExists,
    Busy,
    DataBlocked,
    DataInvalid,
    InvalidInput,
    MidasError,
    NotFound,
    Refused,
    StorageCorrupt,
    StorageFull,
    StrategyInvalid,
    Unavailable,
)
from midas.wire.shape import Answer

MEDIA_TYPE = "application/problem+json"
_URN = "urn:midas:problem:"

STATUS: dict[type[MidasError], HTTPStatus] = {
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    StrategyInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    DataInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    AlreadyExists: HTTPStatus.CONFLICT,
    DataBlocked: HTTPStatus.CONFLICT,
    Busy: HTTPStatus.LOCKED,
    Refused: HTTPStatus.FORBIDDEN,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    StorageCorrupt: HTTPStatus.INTERNAL_SERVER_ERROR,
    MidasError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The HTTP status of each error class; this is the one place that says."""

STATUS_OF_CODE = {"bad_cursor": HTTPStatus.BAD_REQUEST, "idempotency_key_missing": HTTPStatus.BAD_REQUEST}
"""Where a code says more than its class."""

_TITLES: dict[type[MidasError], str] = {
    InvalidInput: "The request is wrong",
    StrategyInvalid: "The strategy is wrong",
    DataInvalid: "The data breaks the data contract",
    NotFound: "There is no such thing",
    AlreadyExists: "The name is taken, or the stored version moved on",
    DataBlocked: "The data cannot be computed from",
    Busy: "Another process holds what this one needs",
    Refused: "Not allowed from here",
    Unavailable: "Something outside does not answer",
    StorageFull: "No room left on the disk",
    StorageCorrupt: "A stored file or database cannot be read",
    MidasError: "An error of ours",
}
_BY_TYPE = {_URN + kind.default_code: kind for kind in STATUS}


class Problem(Answer):
    """What went wrong: `code` for programs, `detail` and `hint` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str = ""
    findings: list[str] = Field(default=[])

    @classmethod
    def of(cls, error: MidasError) -> Problem:
        """Return the document that says what `error` says."""
        kind = next(known for known in type(error).__mro__ if known in STATUS)
        return cls(
            type=_URN + kind.default_code,
            title=_TITLES[kind],
            status=STATUS_OF_CODE.get(error.code, STATUS[kind]),
            detail=error.message,
            code=error.code,
            hint=error.hint,
            findings=list(error.findings),
        )

    def error(self) -> MidasError:
        """Return the error this document was made from, of the same class; an unknown kind is judged by its status."""
        kind = _BY_TYPE.get(self.type) or next(
            (known for known, status in STATUS.items() if status == self.status), MidasError
        )
        return kind(self.detail, hint=self.hint, code=self.code, findings=self.findings)
