"""The small file that says which version of a dataset is current, and what it is."""

from __future__ import annotations

import json
from pathlib import Path

from midas.core.errors import InvalidInput
from midas.marketdata.dataset import Dataset
from midas.marketdata.files import corrupt, replace_whole

NAME = "manifest.json"
_FORMAT = 1


def read_manifest(folder: Path, name: str) -> Dataset | None:
    """Return the dataset in a folder, None where there is none.

    Raises
    ------
    StorageCorrupt: the file is damaged, or another Midas wrote it.
    """
    file = folder / NAME
    try:
        document = json.loads(file.read_bytes())
        if document["format"] != _FORMAT:
            raise corrupt(file, name, f"it has format {document['format']}, this Midas reads {_FORMAT}")
        return Dataset.from_json(document["dataset"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, InvalidInput) as reason:
        raise corrupt(file, name, f"it is damaged ({reason})") from reason


def write_manifest(folder: Path, dataset: Dataset) -> None:
    """Make a dataset the current one, in one step."""
    manifest = {"format": _FORMAT, "dataset": dataset.to_json()}
    replace_whole(folder / NAME, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
