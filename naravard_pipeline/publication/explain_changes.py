"""What is said of a measure before and after: the effect of an initiative, the change between two waves of a survey.

Here: the steps behind rows of ``fct_initiative_effects`` and ``fct_survey_changes``, without a word of a cause. Not here: what is said of one figure
(explain_said).
"""

import statistics

import duckdb

from naravard_pipeline.pages.swedish import number
from naravard_pipeline.publication.explain_rows import Row, Said, listed, read

WELCH = "Welchs intervall: båda gruppernas spridning mellan områden"
OF_OTHERS = "intervallet räknas på jämförelseområdenas spridning, eftersom satsningen pågick i färre än tre områden"
NONE = "för få jämförelseområden för ett intervall"


def read_changes(connection: duckdb.DuckDBPyConnection, measure: Row, figure: Row) -> list[Said]:
    """Effects of initiatives that the measure follows, in areas of the figure's kind; survey changes to or from the figure's wave."""
    effects = read(
        connection,
        "select e.*, i.name_sv, i.start_date from fct_initiative_effects as e join dim_initiatives as i using (initiative_id) "
        "join dim_areas as a on a.area_code = ? and a.area_type = e.area_type where e.measure_id = ? order by i.start_date, i.initiative_id",
        figure["area_code"],
        figure["measure_id"],
    )
    changes = read(
        connection,
        "select * from fct_survey_changes where measure_id = ? and area_code = ? "
        "and (baseline_date between ? and ? or followup_date between ? and ?) order by followup_date",
        *(figure[column] for column in ("measure_id", "area_code", "period_start", "period_end", "period_start", "period_end")),
    )
    shown = [effect for effect in effects if figure["sex"] == "total"]
    return [_effect(connection, effect) for effect in shown] + [_survey_change(connection, change) for change in changes]


def _effect(connection: duckdb.DuckDBPyConnection, row: Row) -> Said:
    treated = read(
        connection,
        "select a.name_sv from bridge_initiative_areas as b join dim_areas as a using (area_code) "
        "where b.initiative_id = ? and a.area_type = ? order by a.name_sv",
        row["initiative_id"],
        row["area_type"],
    )
    names = listed([t["name_sv"] for t in treated])
    among = f" ({names})" if len(treated) == row["areas_treated"] else f" (av {names})"
    steps = [
        f"{_whole(row['periods_before'])} före {row['start_date']} och {row['periods_after']} från och med den dagen, "
        f"{row['period_start']} till {row['period_end']}, samma för alla områden",
        f"där den pågick, {_areas(row['areas_treated'])}{among}: {number(row['before_treated'])} före, {number(row['after_treated'])} efter, "
        f"ändring {number(row['change_treated'], sign=True)}",
    ]
    pairs = [("ändring där den pågick", row["after_treated"] - row["before_treated"], row["change_treated"])]
    if not row["areas_compared"]:
        return Said("initiative", row["name_sv"], [row["summary_sv"], *steps, "inga jämförelseområden"], row, pairs)
    compared = [r["name_sv"] for r in _compared(connection, row)]
    others = f" ({listed(compared)})" if len(compared) == row["areas_compared"] else ""
    steps.append(
        f"jämförelse, {_areas(row['areas_compared'])}{others}: {number(row['before_compared'])} före, {number(row['after_compared'])} efter, "
        f"ändring {number(row['change_compared'], sign=True)}"
    )
    how = NONE if row["effect_lower"] is None else WELCH if row["areas_treated"] >= 3 else OF_OTHERS
    limits = "" if row["effect_lower"] is None else f" (95 % {number(row['effect_lower'])} till {number(row['effect_upper'])})"
    steps.append(f"skillnad mellan ändringarna {number(row['effect'], sign=True)}{limits}; {how}")
    pairs.append(("ändring i jämförelseområdena", row["after_compared"] - row["before_compared"], row["change_compared"]))
    pairs.append(("skillnad mellan ändringarna", row["change_treated"] - row["change_compared"], row["effect"]))
    if row["effect_lower"] is not None:
        pairs.append(("intervallets mitt", statistics.fmean([row["effect_lower"], row["effect_upper"]]), row["effect"]))
    return Said("initiative", row["name_sv"], [row["summary_sv"], *steps], row, pairs)


def _areas(count: int) -> str:
    return f"{count} område" if count == 1 else f"{count} områden"


def _whole(count: int) -> str:
    return f"{count} hel period" if count == 1 else f"{count} hela perioder"


def _compared(connection: duckdb.DuckDBPyConnection, row: Row) -> list[dict]:
    """Areas that have a whole figure in every period of the comparison and where no initiative with this measure ran.

    The periods are those that all areas where it ran have; the release counts the areas, and where these are not as many they are not named.
    """
    return read(
        connection,
        """
        with here as (
            select o.*, a.name_sv from fct_observations as o
            join dim_measures as m on m.measure_id = o.measure_id and m.age_group = o.age_group
            join dim_areas as a on a.area_code = o.area_code and a.area_type = $area_type
            where o.measure_id = $measure_id and o.sex = 'total' and o.value is not null and o.status = 'ok'
                and o.period_start >= $period_start and o.period_end <= $period_end
        ),
        treated as (select area_code from bridge_initiative_areas where initiative_id = $initiative_id),
        wanted as (
            select period_start, period_end from here where area_code in (select area_code from treated)
            group by period_start, period_end
            having count(distinct area_code) = (select count(distinct area_code) from here where area_code in (select area_code from treated))
        )
        select h.area_code, h.name_sv from here as h join wanted as w using (period_start, period_end)
        where h.area_code not in (
            select b.area_code from bridge_initiative_areas as b join bridge_initiative_measures as m using (initiative_id)
            where m.measure_id = $measure_id
        )
        group by h.area_code, h.name_sv
        having count(distinct h.period_start) = (select count(distinct period_start) from wanted)
        order by h.name_sv
        """,
        {k: row[k] for k in ("area_type", "measure_id", "period_start", "period_end", "initiative_id")},
    )


def _survey_change(connection: duckdb.DuckDBPyConnection, row: Row) -> Said:
    title = f"{row['survey_name_sv']}: {row['comparison_sv']}"
    waves = [
        f"{row[f'{wave}_wave_sv']} {row[f'{wave}_date']}: "
        + ("svaren är för få, dolda eller saknas" if row[f"{wave}_share"] is None else _share(row, wave))
        for wave in ("baseline", "followup")
    ]
    if row["difference"] is None:
        return Said("survey_change", title, [row["summary_sv"], *waves], row)
    steps = [
        row["summary_sv"],
        *waves,
        f"skillnad {number(row['difference'], sign=True)} procentenheter "
        f"(95 % {number(row['difference_lower'])} till {number(row['difference_upper'])}): Newcombes intervall för två oberoende andelar",
    ]
    return Said("survey_change", title, steps, row, [("skillnad", row["followup_share"] - row["baseline_share"], row["difference"])])


def _share(row: Row, wave: str) -> str:
    return f"{number(row[f'{wave}_share'])} procent av {number(row[f'{wave}_answers'])} svar"
