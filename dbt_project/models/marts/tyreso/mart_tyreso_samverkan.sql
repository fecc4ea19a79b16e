-- Written by `make generate` from sources/frameworks/tyreso.yml; change that file, not this one.
{{ goal_area_mart('tyreso', 'samverkan') }}
