"""The folder of files that connect BI tools, made from the current release. Here: reading its tables, writing. Not here: what stands in the files."""

import shutil
import zipfile
from pathlib import Path

import duckdb

from naravard_pipeline.bi.picture import draw
from naravard_pipeline.bi.star import Star, describe, read_star
from naravard_pipeline.bi.tools import Columns, Server, build_metabase, build_pbids, build_power_query, build_qlik, build_superset
from naravard_pipeline.settings import DBT_PROJECT

PICTURE, WORDS = "star.svg", "star.md"


def read_columns(database: Path) -> Columns:
    """Table → column → type and description, as they stand in a release's database."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, column_name, lower(data_type), coalesce(comment, '') from duckdb_columns() where not internal "
            "order by table_name, column_index"
        ).fetchall()
    columns: dict[str, dict[str, tuple[str, str]]] = {}
    for table, column, kind, comment in rows:
        columns.setdefault(table, {})[column] = (kind, comment)
    return columns


def write_bi_files(columns: Columns, release: Path, server: Server, folder: Path) -> dict[str, str]:
    """Write them into ``folder``; returns file → what to do with it. ``release`` is where readers on this machine find the files."""
    folder.mkdir(parents=True, exist_ok=True)
    star = read_star(DBT_PROJECT / "models")
    texts = {
        "powerbi.pbids": build_pbids(server),
        "naravard.pq": build_power_query(columns, str(release)),
        "qlik.qvs": build_qlik(star.tree(), columns, "naravard"),
        "metabase.json": build_metabase(server),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    with zipfile.ZipFile(folder / "superset.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in build_superset(columns, server).items():
            archive.writestr(zipfile.ZipInfo(f"naravard/{name}"), text)
    for name in (PICTURE, WORDS):
        shutil.copyfile(DBT_PROJECT / name, folder / name)
    return {
        "powerbi.pbids": "Power BI on PostgreSQL: open it",
        "naravard.pq": "Power BI and Excel on the files: paste into the advanced editor",
        "qlik.qvs": "Qlik Sense on the files: the load script",
        "superset.zip": "Superset on PostgreSQL: Datasets > Import, or superset import-datasources",
        "metabase.json": "Metabase on PostgreSQL: POST it to /api/database, or fill in what it says",
        PICTURE: f"how the tables join; in words: {WORDS}",
    }


def write_star(models: Path, folder: Path) -> list[Path]:
    """The picture and its words beside the models, for the README."""
    star: Star = read_star(models)
    written = []
    for name, text in ((PICTURE, draw(star)), (WORDS, describe(star))):
        written.append(folder / name)
        written[-1].write_text(text, encoding="utf-8")
    return written
