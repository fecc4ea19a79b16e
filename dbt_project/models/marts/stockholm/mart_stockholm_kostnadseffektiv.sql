-- Written by `make generate` from sources/frameworks/stockholm.yml; change that file, not this one.
{{ goal_area_mart('stockholm', 'kostnadseffektiv') }}
