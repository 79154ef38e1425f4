"""`/api/v1/datasets` and `/api/v1/sources`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from midas.api.dependencies import Here, Wait
from midas.api.jobs import accepted
from midas.api.pages import whole
from midas.app import datasets
from midas.app.datasets import FileImport
from midas.core.errors import InvalidInput
from midas.wire.datasets import CheckReport, Dataset, DatasetPull, SourceInfo
from midas.wire.jobs import Job
from midas.wire.page import Page

router = APIRouter(prefix="/api/v1", tags=["datasets"])

_FILE = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}


@router.get("/sources")
async def list_sources() -> Page[SourceInfo]:
    """List where data can be pulled from."""
    return whole(await datasets.sources())


@router.get("/datasets")
async def list_datasets(workspace: Here) -> Page[Dataset]:
    """List datasets by name."""
    return whole(await datasets.every(workspace))


@router.post("/datasets/pull", status_code=202, responses={200: {"model": Job}})
async def pull_dataset(workspace: Here, request: DatasetPull, response: Response, wait_s: Wait = 0.0) -> Job:
    """Fetch bars from a source; the job's result lists the import reports."""
    return accepted(await datasets.pull(workspace, request, wait_s), response)


@router.post("/datasets/import", status_code=202, responses={200: {"model": Job}}, openapi_extra=_FILE)
async def import_dataset(
    workspace: Here,
    request: Request,
    response: Response,
    venue: Annotated[str, Query(max_length=8)],
    filename: Annotated[str, Query(min_length=1, max_length=255)],
    timeframe: Annotated[str, Query(max_length=8, description="Of its bars, or tick.")] = "1d",
    name: Annotated[str | None, Query(max_length=64)] = None,
    adjusted: bool | None = None,
    skip_bad: bool = False,
    symbol: Annotated[str | None, Query(max_length=32, description="For a file without a column of them.")] = None,
    currency: Annotated[str | None, Query(max_length=8, description="For a venue without rules.")] = None,
    timezone: Annotated[str | None, Query(max_length=64, description="Of times that do not say theirs.")] = None,
    stamps: Annotated[
        Literal["close", "open"], Query(description="What the time of a bar within the day is that of.")
    ] = "close",
    map: Annotated[list[str], Query(max_length=20, description="ours=theirs, e.g. close=종가")] = [],  # noqa: B006
    wait_s: Wait = 0.0,
) -> Job:
    """Import the CSV or Parquet file that is the body; the job's result lists one import report."""
    how = FileImport(
        filename, venue, timeframe, _mapping(map), adjusted, skip_bad, name, symbol, currency, timezone, stamps
    )
    return accepted(await datasets.import_file(workspace, request.stream(), how, wait_s), response)


@router.get("/datasets/{name}")
async def show_dataset(workspace: Here, name: str) -> Dataset:
    """Show a dataset with its corporate actions."""
    return await datasets.show(workspace, name)


@router.get("/datasets/{name}/check")
async def check_dataset(workspace: Here, name: str) -> CheckReport:
    """Check a stored dataset against the data contract again."""
    return await datasets.check(workspace, name)


@router.delete("/datasets/{name}", status_code=204)
async def delete_dataset(workspace: Here, name: str) -> None:
    """Remove a dataset; results made with it stay."""
    await datasets.delete(workspace, name)


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        ours, separator, theirs = pair.partition("=")
        if not (ours and separator and theirs):
            raise InvalidInput(
                "A column mapping is not of the form ours=theirs.", hint="Write e.g. close=종가.", code="bad_mapping"
            )
        mapping[ours] = theirs
    return mapping
