import pandas as pd

from naravard_pipeline.protection import protect

# A model in Python, because the choice of what to hide needs a solver; how it is made stands in the package's room `protection`. It runs in dbt's own
# process and is made anew at each build: a new figure of one measure may change what another must hide.


def model(dbt, session):
    dbt.config(materialized="table")
    measures = dbt.ref("stg_catalogue__measures").df()
    columns = ["measure_id", "value_type", "suppression_threshold", "denominator_threshold", "hides_zero"]
    observations = dbt.ref("int_observations_measured").filter("reporter <> 'source'").df()
    observations = observations.merge(measures[columns], on="measure_id").rename(columns={"suppression_threshold": "threshold"})
    areas = dbt.ref("stg_catalogue__areas").select("area_code, area_type, parent_code").fetchall()
    members = dbt.ref("stg_catalogue__area_groups").select("group_id, area_code").fetchall()
    hidden = protect(
        observations,
        dbt.ref("stg_catalogue__derivations").df(),
        areas,
        members,
        remembered=dbt.ref("stg_memory__hidden_cells").df(),
        shown_before=dbt.ref("stg_memory__shown_cells").df(),
        alternatives=dbt.ref("stg_catalogue__survey_alternatives").df(),
    ).hidden
    texts = [c for c in hidden if not c.startswith("period_")]
    # An empty frame has no types of its own.
    hidden = hidden.astype(dict.fromkeys(texts, "str")).assign(
        period_start=pd.to_datetime(hidden["period_start"]).astype("datetime64[s]"),
        period_end=pd.to_datetime(hidden["period_end"]).astype("datetime64[s]"),
    )
    return session.from_df(hidden).select(", ".join(c if c in texts else f"cast({c} as date) as {c}" for c in hidden))
