-- Written by `make generate` from sources/frameworks/skr.yml; change that file, not this one.
{{ goal_area_mart('skr', 'proaktiv') }}
