"""The editor's settings: each file of the catalogue gets the schema that it names itself, and no other."""

import json

from naravard_pipeline.settings import PROJECT, SOURCES


def test_every_schema_glob_gives_each_file_the_schema_that_it_names():
    settings = json.loads((PROJECT / ".vscode" / "settings.json").read_text("utf-8"))
    given: dict = {}
    for schema, globs in settings["yaml.schemas"].items():
        assert (PROJECT / schema).is_file(), schema
        for glob in [globs] if isinstance(globs, str) else globs:
            files = list(PROJECT.glob(glob))
            assert files, f"{glob} matches no file"
            for file in files:
                given.setdefault(file, []).append((PROJECT / schema).resolve())
    ours = [*SOURCES.glob("*.yml"), *SOURCES.glob("*/*.yml")]
    named = {path: [(path.parent / path.read_text("utf-8").splitlines()[0].partition("$schema=")[2]).resolve()] for path in ours}
    assert given == named


def test_what_is_written_is_what_the_catalogue_reads():
    settings = json.loads((PROJECT / ".vscode" / "settings.json").read_text("utf-8"))
    assert settings["files.encoding"] == "utf8" and settings["[yaml]"]["editor.insertSpaces"]
    assert json.loads((PROJECT / ".vscode" / "extensions.json").read_text("utf-8"))["recommendations"] == ["redhat.vscode-yaml"]
