"""What is told of a dbt model that failed."""

from naravard_pipeline.orchestration.dbt import tell_error

FAILED = """Runtime Error in model int_cells_hidden (models/intermediate/int_cells_hidden.py)
  Python model failed:
  Traceback (most recent call last):
    File "environments/__init__.py", line 286, in run_python_job
      df = module.model(dbt, con)
    File "cover.py", line 80, in protect
      raise Unprotectable(sentence) from None
  naravard_pipeline.protection.knowledge.Unprotectable: A small count can be computed whatever is hidden beside it (plans, area 0461).
  """


def test_of_a_model_in_python_only_the_sentence_is_told():
    assert tell_error(FAILED) == "A small count can be computed whatever is hidden beside it (plans, area 0461)."


def test_of_a_model_in_sql_all_is_told_on_one_line():
    assert tell_error("Binder Error: no column x\n  LINE 1: select x") == "Binder Error: no column x LINE 1: select x"
