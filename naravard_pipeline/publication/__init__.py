"""May it go out, and how: the record of a build, the gate, the release. Knows neither Dagster nor Great Expectations."""
