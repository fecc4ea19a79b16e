"""One file per protocol. ``http`` alone owns retry and pace; nothing here knows the catalogue, the disk, dbt or Dagster."""
