"""Files that are whole at every instant: written beside, synced, switched in by rename.

Belongs here: bytes to disk. Does not: what they mean (``store``).
"""

import os
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq


class LandingError(Exception):
    """The disk refused. What was there before is there still; the message names the file and the remedy."""


def replace_file(path: Path, data: bytes, staging: Path | None = None) -> None:
    """Make ``path`` hold exactly ``data``, or leave it as it was.

    ``staging`` is where the unfinished file lies: a folder on the same file system, the target's own by default.
    Raises ``LandingError``, with no unfinished file left, where the disk is full or refuses.
    """
    unfinished = (staging or path.parent) / f"{path.name}.{uuid4().hex}.tmp"
    try:
        for folder in (path.parent, unfinished.parent):
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
        try:
            with open(unfinished, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise LandingError(
            f"{path}: could not be written ({error.strerror or error}). What was there before is untouched. "
            "Check free space and permissions there, then run again."
        ) from error


def write_once(path: Path, data: bytes, staging: Path | None = None) -> bool:
    """Write a file that never changes; True if it was not there."""
    if path.exists():
        return False
    replace_file(path, data, staging)
    return True


def replace_if_different(path: Path, data: bytes, staging: Path | None = None) -> bool:
    """Write only when the content differs, so that an unchanged file keeps its time; True if it was written."""
    if path.exists() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return False
    replace_file(path, data, staging)
    return True


def parquet_bytes(table: pa.Table) -> bytes:
    """``table`` as Parquet (zstd); the same table gives the same bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut; only POSIX lets a folder be synced."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
