"""Great Expectations on DuckDB: a batch becomes a table in memory, its expectations SQL on it, the answer outcomes.

Here belongs all that needs the import of Great Expectations, and with it what DuckDB needs to be understood by it.

Every batch is computed once into an in-memory DuckDB beside the working database, which is attached read-only. Great Expectations sees only that
copy: its many statements do not repeat the batch's joins and windows, and the failing rows it names by SQL are counted and sampled there,
all of them, without passing through Python.
"""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import duckdb_engine
import great_expectations as gx
from great_expectations.core import ExpectationSuite, ExpectationValidationResult
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.exceptions import GreatExpectationsError
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from sqlalchemy.dialects import registry

from naravard_pipeline.quality.outcome import Outcome
from naravard_pipeline.quality.run import QualityError
from naravard_pipeline.quality.suites import Batch, Expectation, Suite

SHOWN_ROWS = 20
RESULT_FORMAT = {"result_format": "BASIC", "return_unexpected_index_query": True, "partial_unexpected_count": 0}

logging.getLogger("great_expectations").setLevel(logging.ERROR)  # its warnings repeat what the outcomes say


class DuckDBForGreatExpectations(duckdb_engine.Dialect):
    """DuckDB under a name whose SQL Great Expectations knows.

    Under its own name most metrics are refused, and with transactions their results vanish on rollback; nothing here needs either.
    """

    name = "postgresql"
    supports_statement_cache = False

    def __init__(self, **kwargs: Any) -> None:
        # DuckDB's own `$1` would stay unbound in the SQL that names the failing rows.
        super().__init__(**kwargs | {"paramstyle": "qmark"})

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        return duckdb_engine.ConnectionWrapper(duckdb.connect(kwargs["database"]))

    def do_begin(self, dbapi_connection: Any) -> None:
        pass

    def do_commit(self, dbapi_connection: Any) -> None:
        pass

    def do_rollback(self, dbapi_connection: Any) -> None:
        pass


registry.register("duckdb.gx", __name__, DuckDBForGreatExpectations.__name__)


class EvaluationError(Exception):
    """An expectation could not be evaluated; the message is the sentence for its outcome."""


@contextmanager
def open_workbench(database: Path) -> Iterator["Workbench"]:
    """A workbench on the database, which is free for its writer again afterwards."""
    memory = f":memory:quality_{uuid4().hex}"
    with duckdb.connect(memory) as connection:
        # The in-memory database would spill into the current folder.
        connection.execute(f"set temp_directory = {_quote(f'{database}.quality.tmp')}")
        try:
            connection.execute(f"attach {_quote(str(database))} as warehouse (read_only)")
        except duckdb.Error as error:
            raise QualityError(f"{database} cannot be opened; end what else is writing it, or build it anew ({_first_line(error)})") from error
        try:
            yield Workbench(connection, memory)
        finally:
            connection.execute("detach warehouse")  # Great Expectations keeps connections to the memory open, which would hold the file


class Workbench:
    """Where batches are laid out and checked; one per run."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, memory: str) -> None:
        self._connection = connection
        (self._catalog,) = connection.execute("select current_catalog()").fetchone() or ("memory",)
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        self._source: SQLDatasource = context.data_sources.add_sql("workbench", connection_string=f"duckdb+gx:///{memory}", create_temp_table=False)

    def check(self, suite: Suite, batch: Batch) -> list[Outcome]:
        """The outcomes of the batch's expectations, in their order."""
        table = f"{suite.name}__{batch.name}"
        try:
            observed = self._lay_out(table, suite, batch)
            return list(self._evaluate(table, suite, batch, observed))
        except EvaluationError as error:
            return [_unevaluated(suite, e, str(error)) for e in batch.expectations]
        finally:
            self._connection.execute(f'drop table if exists "{self._catalog}".main."{table}"')

    def _lay_out(self, table: str, suite: Suite, batch: Batch) -> int:
        """Compute the batch into a table of its own; returns its rows."""
        self._connection.execute("use warehouse")
        try:
            if not self._connection.execute(
                "select 1 from duckdb_columns() where database_name = 'warehouse' and table_name = ?", [suite.table]
            ).fetchone():
                raise EvaluationError(f"table {suite.table} is not in the working database; let dbt build it first")
            self._connection.execute(f'create table "{self._catalog}".main."{table}" as {batch.query or f"from {suite.table}"}')
        except duckdb.Error as error:
            raise EvaluationError(f"the query of batch {batch.name} in suite {suite.name} does not run: {_first_line(error)}") from error
        finally:
            self._connection.execute(f'use "{self._catalog}"')
        (observed,) = self._connection.execute(f'select count(*) from "{table}"').fetchone() or (0,)
        if not observed and not batch.may_be_empty:
            raise EvaluationError(f"batch {batch.name} of suite {suite.name} read no rows, so nothing was checked")
        return observed

    def _evaluate(self, table: str, suite: Suite, batch: Batch, observed: int) -> Iterator[Outcome]:
        wanted, refused = ExpectationSuite(name=table), {}
        for expectation in batch.expectations:
            try:
                wanted.add_expectation_configuration(_configuration(expectation))
            except (ValueError, TypeError, GreatExpectationsError) as error:
                refused[expectation.name] = f"its kwargs do not fit {expectation.type}: {_one_line(error)}"
        results = {}
        if wanted.expectations:
            columns = {**RESULT_FORMAT, "unexpected_index_column_names": batch.index_columns}
            try:
                definition = self._source.add_table_asset(table, table_name=table).add_batch_definition_whole_table(table)
                validation = definition.get_batch().validate(wanted, result_format=columns)
            except Exception as error:  # whatever it is, it must come out as a failure of these checks
                raise EvaluationError(
                    f"Great Expectations could not evaluate batch {batch.name} of suite {suite.name}: {_one_line(error)}"
                ) from error
            results = {r.expectation_config.meta["check"]: r for r in validation.results}
        for expectation in batch.expectations:
            if result := results.get(expectation.name):
                yield self._outcome(table, suite, batch, expectation, observed, result)
            else:
                yield _unevaluated(suite, expectation, refused.get(expectation.name, "Great Expectations gave no result for it"))

    def _outcome(
        self, table: str, suite: Suite, batch: Batch, expectation: Expectation, observed: int, result: ExpectationValidationResult
    ) -> Outcome:
        if error := _exception(result):
            return _unevaluated(suite, expectation, error)
        if result.success:
            return Outcome(scope=expectation.holds or batch.scope, passed=True, observed=observed, **_identity(suite, expectation))
        failing = _failing_rows_sql(table, expectation, result)
        rows, by_measure, failed = [], {}, 1
        if failing:
            failed = int(result.result.get("unexpected_count", result.result.get("observed_value", 1)))
            rows, by_measure = self._read_failing(failing, batch.scope == "measure")
        elif "observed_value" in result.result:
            rows = [{"observed_value": _plain(result.result["observed_value"])}]
        return Outcome(
            # A failing row that no measure answers for can only hold the release.
            scope="measure" if failing and sum(by_measure.values()) == failed and expectation.holds != "release" else "release",
            passed=False,
            observed=observed,
            failed_rows=failed,
            rows=rows,
            by_measure=by_measure,
            **_identity(suite, expectation),
        )

    def _read_failing(self, failing: str, per_measure: bool) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """The first failing rows and the number of all per measure. What cannot be read is left out, and so holds the release."""
        try:
            cursor = self._connection.execute(f"select * from ({failing}) order by all limit {SHOWN_ROWS}")
            names = [column[0] for column in cursor.description]
            # A column that is both index and subject comes twice, the second time as `name_1` or `name__1`.
            kept = [(i, name) for i, name in enumerate(names) if not (name.endswith("_1") and name[:-2].rstrip("_") in names)]
            rows = [{name: _plain(row[i]) for i, name in kept} for row in cursor.fetchall()]
            if not per_measure:
                return rows, {}
            counts = f"select measure_id, count(*) from ({failing}) where measure_id is not null group by all order by all"
            return rows, dict(self._connection.execute(counts).fetchall())
        except duckdb.Error:
            return [], {}


def _configuration(expectation: Expectation) -> ExpectationConfiguration:
    return ExpectationConfiguration(type=expectation.type, kwargs=dict(expectation.kwargs), meta={"check": expectation.name})


def _failing_rows_sql(table: str, expectation: Expectation, result: ExpectationValidationResult) -> str | None:
    """SQL that selects the failing rows, or ``None`` where the expectation is about the batch as a whole."""
    if expectation.type == "unexpected_rows_expectation":
        return expectation.kwargs["unexpected_rows_query"].format(batch=table).rstrip("; \n")
    query = result.result.get("unexpected_index_query")
    return query.rstrip("; \n") if query else None


def _identity(suite: Suite, expectation: Expectation) -> dict[str, Any]:
    return {
        "check": expectation.name,
        "suite": suite.name,
        "table": suite.table,
        "severity": expectation.severity,
        "name_sv": expectation.name_sv,
        "reason": expectation.reason,
        "reason_sv": expectation.reason_sv,
    }


def _unevaluated(suite: Suite, expectation: Expectation, sentence: str) -> Outcome:
    told = {"severity": "critical", "reason": f"Could not be evaluated: {sentence}", "reason_sv": "Kontrollen kunde inte genomföras."}
    return Outcome(scope="release", passed=False, **{**_identity(suite, expectation), **told})


def _exception(result: ExpectationValidationResult) -> str | None:
    """The message of an exception in Great Expectations: one dict, or one per metric."""
    info = result.exception_info or {}
    for part in (info, *(p for p in info.values() if isinstance(p, dict))):
        if part.get("raised_exception"):
            return _one_line(part.get("exception_message") or "an exception without a message")
    return None


def _plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() | Decimal():
            return float(value) if math.isfinite(value) else str(value)
        case date() | datetime():
            return value.isoformat()
        case _:
            return str(value)


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300]


def _first_line(error: object) -> str:
    return str(error).strip().split("\n", 1)[0][:300]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
