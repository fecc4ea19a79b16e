"""Whose a report is: a framework's county, the nation or the one municipality that follows it; and each municipality that follows one."""

import duckdb
import pytest

from naravard_pipeline.report.scope import find_scope, list_scopes

AREAS = [("00", "Riket", "nation", None), ("01", "Region Stockholm", "region", "00"), ("04", "Region Sörmland", "region", "00")]
AREAS += [("0138", "Tyresö", "municipality", "01"), ("0180", "Stockholm", "municipality", "01"), ("0484", "Eskilstuna", "municipality", "04")]
AREAS += [("04-norra", "Norra", "county_part", "04")]
FRAMEWORKS = [("sormland", "Nära vård", "04", 1), ("skr", "Sexton indikatorer", None, 2), ("tyreso", "Tyresös projekt", "01", 3)]
WHOSE = [("sormland", "04"), ("sormland", "04-norra"), ("sormland", "0484"), ("skr", "00"), ("tyreso", "01"), ("tyreso", "0138")]


@pytest.fixture(params=[True, False], ids=["says whose", "does not say"])
def release(request, tmp_path):
    with duckdb.connect(str(tmp_path / "naravard.duckdb")) as connection:
        connection.execute("create table dim_areas (area_code varchar, name_sv varchar, area_type varchar, parent_code varchar)")
        connection.execute("create table dim_frameworks (framework_id varchar, name_sv varchar, county_code varchar, sort_order integer)")
        connection.executemany("insert into dim_areas values (?, ?, ?, ?)", AREAS)
        connection.executemany("insert into dim_frameworks values (?, ?, ?, ?)", FRAMEWORKS)
        if request.param:
            connection.execute("create table bridge_framework_areas (framework_id varchar, area_code varchar)")
            connection.executemany("insert into bridge_framework_areas values (?, ?)", WHOSE)
    return tmp_path, request.param


def test_every_framework_and_every_municipality_that_follows_one_has_a_report(release):
    folder, says_whose = release
    found = {scope.file_name: (scope.area_code, scope.framework_ids) for scope in list_scopes(folder)}
    assert list(found)[:3] == ["sormland", "skr", "tyreso"]
    assert found["skr"] == ("00", ("skr",)) and found["0484"] == ("0484", ("sormland",)) and found["0138"] == ("0138", ("tyreso",))
    # That of a county with one municipality shows the municipality, here Sörmland's too.
    assert found["tyreso"] == ("0138" if says_whose else "01", ("tyreso",))
    assert ("0180" in found) is not says_whose


def test_a_part_of_a_county_can_be_asked_for_and_has_no_report_unasked(release):
    folder, _ = release
    assert find_scope(folder, None, "04-norra").title_sv == "Nära vård i Norra"
    assert "04-norra" not in {scope.file_name for scope in list_scopes(folder)}


@pytest.mark.parametrize(
    ("framework_id", "area_code", "said"), [("annat", None, "sormland, skr, tyreso"), (None, "1480", "0138"), (None, "", "0484")]
)
def test_what_is_not_there_is_told_with_what_is(release, framework_id, area_code, said):
    with pytest.raises(ValueError, match=said):
        find_scope(release[0], framework_id, area_code)
