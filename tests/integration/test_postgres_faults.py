"""What goes wrong with PostgreSQL: told in one sentence without the password, what was shown stays, and the next run mends the rest."""

import subprocess
import sys
import threading
import time
import traceback

import pytest
from postgres_releases import OBSERVATIONS, loads, loose, make_release, refused, values, with_columns
from postgres_server import PASSWORD, needs_postgres

from naravard_pipeline.publication.postgres import TargetError, bring_up
from naravard_pipeline.settings import PROJECT

pytestmark = [needs_postgres, pytest.mark.xdist_group("postgres")]


def test_one_publisher_at_a_time(postgres, tmp_path):
    first, second = make_release(tmp_path, 1), make_release(tmp_path, 2)
    sentences = []

    def meanwhile(text):
        if "loading" in text and not sentences:
            sentences.append("")
            sentences.append(refused(postgres, second))

    bring_up(postgres.url, first, meanwhile)
    assert "Another run is bringing PostgreSQL up to date just now" in sentences[1]
    assert bring_up(postgres.url, second)


def test_made_up_and_real_figures_never_meet(postgres, tmp_path):
    bring_up(postgres.url, make_release(tmp_path, 1))
    text = refused(postgres, make_release(tmp_path, 2, is_demo=True))
    assert "holds real figures and the release made-up ones" in text and "another database" in text
    assert loads(postgres) == [1]


def in_the_middle(database, body: str) -> None:
    """Let the server do something when the third table is being indexed: by then some of the release is there."""
    database.run(
        f"create or replace function public.interfere() returns event_trigger language plpgsql as $$ begin if (select count(*) from pg_class where "
        f"relnamespace = 'naravard_data'::regnamespace and relkind = 'r' and relname like 'mart%') > 2 then {body} end if; end $$",
        "create event trigger interfere on ddl_command_start when tag in ('CREATE INDEX') execute function public.interfere()",
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise 'could not extend file: No space left on device' using errcode = 'disk_full';", "has no room (could not extend file"),
        ("perform pg_terminate_backend(pg_backend_pid());", "was lost on the way"),
        ("raise 'no such luck';", "PostgreSQL refused (no such luck); mend that and run again."),
    ],
    ids=["disk full", "connection lost", "anything"],
)
def test_an_error_in_the_middle_leaves_the_last_release_and_the_next_run_mends_it(postgres, tmp_path, body, sentence):
    bring_up(postgres.url, make_release(tmp_path, 1))
    in_the_middle(postgres, body)
    release = make_release(tmp_path, 2)
    assert sentence in refused(postgres, release)
    assert loose(postgres) and loads(postgres) == [1]
    postgres.run("drop event trigger interfere")
    assert bring_up(postgres.url, release) and values(postgres) == {2.0}
    assert not loose(postgres) and loads(postgres) == [1, 2]


@pytest.mark.slow
def test_a_connection_that_is_cut_during_copy_is_told_and_mended(postgres, tmp_path):
    bring_up(postgres.url, make_release(tmp_path, 1))
    release = make_release(tmp_path, 2, mart_goal=OBSERVATIONS.replace("900", "600_000"))
    cut = []

    def cutter():
        with postgres.connect() as connection:
            while not cut and time.monotonic() < until:
                cut.extend(connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy%mart_goal%'").fetchall())

    until = time.monotonic() + 30
    thread = threading.Thread(target=cutter)
    thread.start()
    text = refused(postgres, release)
    thread.join()
    assert cut and "was lost on the way" in text
    assert bring_up(postgres.url, release) and values(postgres) == {2.0} and not loose(postgres)


KILLED = """
import os, sys
from pathlib import Path
from naravard_pipeline.publication import postgres
whole = getattr(postgres, sys.argv[3])
def then_die(*arguments):
    whole(*arguments)
    os.kill(os.getpid(), 9)
setattr(postgres, sys.argv[3], then_die)
postgres.bring_up(sys.argv[1], Path(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", ["create_store", "create_parent", "load_table", "attach", "run_plan", "point_at", "grant_to_reader", "retire"])
def test_a_run_killed_after_any_step_is_mended_by_the_next(postgres, tmp_path, step):
    for n in (1, 2, 3):
        bring_up(postgres.url, make_release(tmp_path, n))
    release = make_release(tmp_path, 4, mart_goal=with_columns("{n}::double as value"))
    command = [sys.executable, "-c", KILLED, postgres.url, str(release), step]
    assert subprocess.run(command, cwd=PROJECT).returncode == -9
    is_switched = step == "grant_to_reader"
    assert values(postgres) == {4.0 if is_switched else 3.0}
    assert bring_up(postgres.url, release) != is_switched and values(postgres) == {4.0}
    assert loads(postgres) == [2, 3, 4] and not loose(postgres)


@pytest.mark.slow
def test_a_server_that_is_not_there_is_known_within_seconds(tmp_path):
    begun = time.monotonic()
    for host in ("127.0.0.1:1", "192.0.2.1:5432"):  # refused; and an address that never answers
        with pytest.raises(TargetError, match=r"does not answer .* check that it runs and that NARAVARD_POSTGRES_URL has its address"):
            bring_up(f"postgresql://publisher:secret@{host}/naravard", make_release(tmp_path, 1))
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize("form", ["url", "words", "query"])
def test_the_password_is_in_no_message(postgres, tmp_path, form):
    wrong = PASSWORD + "%x"
    words = wrong.replace("\\", "\\\\").replace("'", "\\'")
    url = {
        "url": postgres.url_of("postgres", wrong),
        "words": f"host=127.0.0.1 port={postgres.server.port} user=postgres password='{words}' dbname={postgres.name}",
        "query": postgres.url_of("postgres", wrong).replace(f":{escaped(wrong)}@", "@") + f"?password={escaped(wrong)}",
    }[form]
    with pytest.raises(TargetError, match=r"let nobody in .*password authentication failed.* check user, password") as caught:
        bring_up(url, make_release(tmp_path, 1))
    shown = "".join(traceback.format_exception(caught.value, chain=True)) + repr(caught.value.__context__) + repr(caught.value.__cause__)
    assert not [s for s in (PASSWORD, escaped(PASSWORD), url) if s in shown.replace(repr(url), "")]


def escaped(text: str) -> str:
    return "".join(f"%{b:02X}" for b in text.encode())


@pytest.mark.parametrize(
    "url", ["postgresql://u:s3cret@host:port/db", "postgresql+psycopg2://u:s3cret@host/db", "u:s3cret@host", "password=s3cret nonsense"]
)
def test_an_address_that_is_none_is_told_without_it(tmp_path, url):
    with pytest.raises(TargetError) as caught:
        bring_up(url, make_release(tmp_path, 1))
    assert "NARAVARD_POSTGRES_URL" in str(caught.value) and "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None and caught.value.__cause__ is None


def test_what_the_server_says_is_cleaned_of_the_password_too(postgres, tmp_path):
    in_the_middle(postgres, f"raise 'the password is {PASSWORD}';".replace("%", "%%"))
    with pytest.raises(TargetError) as caught:
        for n in (1, 2, 3):
            bring_up(postgres.url_of("postgres", PASSWORD), make_release(tmp_path, n))
    assert "the password is ***" in str(caught.value)


def test_a_database_that_lacks_letters_is_refused(postgres_server, tmp_path):
    database = postgres_server.new_database(encoding="LATIN1", lc_collate="C", lc_ctype="C")
    assert "encoded in LATIN1, which lacks letters" in refused(database, make_release(tmp_path, 1))


def test_a_folder_that_is_no_release_is_named(postgres, tmp_path):
    assert "naravard.duckdb cannot be read" in refused(postgres, tmp_path)
