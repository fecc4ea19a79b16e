-- Written by `make generate` from sources/frameworks/sormland.yml; change that file, not this one.
{{ goal_area_mart('sormland', 'god_halsa_vard_omsorg') }}
