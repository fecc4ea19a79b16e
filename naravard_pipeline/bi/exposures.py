"""dbt's exposures: who reads which model. A dashboard per goal area reads its mart; the site, the monthly report and open data read the release.

Here: their text, which follows from the catalogue, so that `dbt docs` and impact analysis show what a change of a model reaches.
Not here: the dashboards, which live in each reader's own tool.
"""

from naravard_pipeline.catalogue import Catalogue
from naravard_pipeline.catalogue.marts import mart_name

NOTICE = "# Written by `make generate` from sources/frameworks/; change the catalogue, not this file."
REPORT_READS = ("dim_areas", "dim_frameworks", "dim_goal_areas", "dim_indicators", "dim_initiatives", "dim_measures", "bridge_indicator_measures")
REPORT_READS += ("bridge_initiative_areas", "fct_assessments", "fct_composites", "fct_initiative_effects", "fct_observations", "fct_run_charts")


def build_exposures(catalogue: Catalogue) -> str:
    """The text of ``models/exposures.yml``."""
    parts = [f"{NOTICE}\nversion: 2\n\nexposures:\n"]
    marts = []
    for framework in catalogue.frameworks.values():
        for area in framework.goal_areas:
            mart = mart_name(framework.framework_id, area.goal_area_id)
            marts.append(mart)
            name = f"dashboard_{framework.framework_id}_{area.goal_area_id}"
            title = f"{area.name_sv} – {framework.name_sv}"
            about = f"A dashboard of the goal area, in Power BI, Qlik, Superset or Metabase: everything it shows is in {mart}, one row per figure."
            parts.append(_exposure(name, "dashboard", title, about, [mart]))
        about = "The monthly status report, a page and a PDF of two sides: `naravard report`. It reads the published release only."
        parts.append(_exposure(f"report_{framework.framework_id}", "application", f"Månadsrapport – {framework.name_sv}", about, [*REPORT_READS]))
    about = "The pages that every release carries about its measures, for readers without a tool."
    parts.append(_exposure("site", "application", "Sidorna i en release", about, [*marts, "fct_observations", "fct_assessments", "dim_measures"]))
    return "\n".join(parts)


def _exposure(name: str, kind: str, label: str, description: str, models: list[str]) -> str:
    reads = "".join(f"      - ref('{m}')\n" for m in models)
    return (
        f'  - name: {name}\n    type: {kind}\n    maturity: high\n    label: "{label}"\n    description: "{description}"\n'
        f"    owner: {{name: whoever runs this installation}}\n    depends_on:\n{reads}"
    )
