-- Written by `make generate` from sources/frameworks/sormland.yml; change that file, not this one.
{{ goal_area_mart('sormland', 'tillsammans') }}
