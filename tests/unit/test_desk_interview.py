"""The questions of a derived measure, answered from a list as a person on a terminal would."""

import shutil

import pytest

from naravard_pipeline.catalogue import read_catalogue
from naravard_pipeline.desk.desk import Desk
from naravard_pipeline.desk.interview import Interview
from naravard_pipeline.settings import SOURCES, Settings


class Listed:
    """Answers in turn: a question that contains the words gets the answer; any other takes what is proposed."""

    def __init__(self, *answers):
        self.answers, self.said = list(answers), []

    def say(self, text=""):
        self.said.append(text)

    def ask(self, text, default):
        if self.answers and self.answers[0][0] in text:
            return self.answers.pop(0)[1]
        assert default is not None or "Riktning" not in text
        return default or ""

    def confirm(self, text):
        return False


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    sources = shutil.copytree(SOURCES, tmp_path_factory.mktemp("desk") / "sources")
    return Desk(Settings(home=sources.parent / "home"), sources)


BOUNDS = (("Lägsta", "0"), ("Högsta", "500"))


@pytest.mark.parametrize("chosen", ["lakarbesok_hemmet", "läkarbesök hemmet"], ids=["by name", "by words"])
def test_a_ratio_is_made_of_counts_found_by_name_or_words(desk, chosen):
    picked = [] if chosen.isascii() else [("Nummer", "1")]
    answers = [("Källa", "derived"), ("räknas", "ratio"), ("täljaren", chosen), *picked, ("nämnaren", "befolkning"), ("Riktning", "2"), *BOUNDS]
    person = Listed(*answers)
    proposal, name = Interview(desk, "sv", person).hold(None, {}, {}, None)
    assert person.answers == [] and name == "lakarbesok_hemmet_per_1000"
    assert proposal.content["derived"] == {"numerator": "lakarbesok_hemmet", "denominator": "befolkning", "per": 1000, "denominator_year": "previous"}
    desk.write(proposal, name, overwrite=True)
    assert read_catalogue(desk.sources).measures[name].status == "draft"


def test_no_word_lists_the_counts_and_only_those(desk):
    person = Listed(
        ("Källa", "derived"), ("räknas", "ratio"), ("täljaren", ""), ("Nummer", "2"), ("nämnaren", "vardtillfallen"), ("nämnaren", "befolkning")
    )
    person.answers += [("Riktning", "1"), *BOUNDS]
    Interview(desk, "sv", person).hold(None, {}, {}, None)
    counts = [m.measure_id for m in desk.catalogue.measures.values() if m.value_type == "count" and not m.derived]
    listed = [line.split()[1] for line in person.said if line.strip()[:1].isdigit() and line.split()[1] in desk.catalogue.measures]
    assert listed == counts
    assert "Inget hittades; försök med andra eller färre ord." in person.said  # a rate is no denominator


def test_only_a_population_is_that_of_the_year_before(desk):
    proposal = desk.propose("derived", {"numerator": "lakarbesok_hemmet", "denominator": "distansbesok", "per": "1000"})
    assert proposal.content["derived"]["denominator_year"] == "same" and "året före" not in proposal.content["definition_sv"]
