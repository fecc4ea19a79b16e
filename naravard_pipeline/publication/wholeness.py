"""Whether a release is what was published: ``SHA256SUMS`` in its folder has the hash of each of its files (``sha256sum -c`` reads it too).

Its first line, a comment, has the number and the hash of the log's last line before the release; the hash of the whole file is in the release's entry
in the log. Here: writing and comparing. Not here: what follows from a release that is not whole (release, rollback, repair).
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from naravard_pipeline.publication.decisions import Entry, line_hash
from naravard_pipeline.publication.folders import DATABASE

SUMS = "SHA256SUMS"


def write_sums(folder: Path, log: Sequence[Entry]) -> str:
    """Write the file, the last one of a release, and return its own hash. ``log``: all entries before the release's own."""
    head = [f"# log {len(log)} {line_hash(log[-1])}"] if log else []
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    known = _of_package(folder)  # counted a moment ago
    text = "\n".join([*head, *(f"{known.get(name) or hash_file(folder / name)}  {name}" for name in names)]) + "\n"
    (folder / SUMS).write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def find_damage(folder: Path, log: Sequence[Entry], only: Collection[str] | None = None) -> str | None:
    """The first thing that is not as it was published, as the end of a sentence; None where all is. ``only``: names of the files to look at.

    Of a release from before there was ``SHA256SUMS``, the files that its ``datapackage.json`` lists are looked at.
    """
    told = next((e.details["sums"] for e in reversed(log) if e.action == "released" and e.release_id == folder.name and "sums" in e.details), None)
    path = folder / SUMS
    try:
        if not path.exists():
            if told:
                return f"lacks {SUMS}"
            wanted = _of_package(folder)
        else:
            text = path.read_bytes()
            if told and hashlib.sha256(text).hexdigest() != told:
                return f"has another {SUMS} than the one that was published"
            wanted = {name: digest for digest, _, name in (line.partition("  ") for line in text.decode().splitlines() if not line.startswith("#"))}
        for name, digest in wanted.items():
            if only is None or name in only:
                if not (folder / name).is_file():
                    return f"lacks {name}"
                if hash_file(folder / name) != digest:
                    return f"has another {name} than the one that was published"
        return None if (folder / "quality.json").is_file() else "lacks quality.json"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"cannot be read ({str(error).splitlines()[0]})"


def is_readable(folder: Path) -> bool:
    """Whether a release's database can be opened and has its observations."""
    try:
        with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
            return bool(connection.execute("select count(*) >= 0 from fct_observations").fetchone()[0])
    except duckdb.Error:
        return False


def read_log_head(folder: Path) -> tuple[int, str] | None:
    """Number and hash of the log's last line before this release; None where it does not say."""
    try:
        first = (folder / SUMS).read_text(encoding="utf-8").partition("\n")[0].split(" ")
        return (int(first[2]), first[3]) if first[:2] == ["#", "log"] else None
    except (OSError, ValueError, IndexError):
        return None


def hash_file(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _of_package(folder: Path) -> dict[str, str]:
    resources = json.loads((folder / "datapackage.json").read_bytes())["resources"]
    return {r["path"]: r["hash"].removeprefix("sha256:") for r in resources}
