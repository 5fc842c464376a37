"""No setting is dead: for each there is a situation whose answer, or whose day, changes when it changes."""

import attrs
import pytest

import riskcore as rc
from tests.laws.keyed import ELSEWHERE, KEYS

FIELDS = [field.name for field in attrs.fields(rc.Policy)]


@pytest.mark.smoke
@pytest.mark.parametrize("name", sorted(KEYS))
def test_KEY_1_for_each_setting_an_answer_changes_with_it(name):
    """Under the one value the situation is answered otherwise than under the other, which may be a contradiction."""
    before, after, answer = KEYS[name]
    told = []
    for cell in (before, after):
        try:
            told.append(answer(**{name: cell}))
        except ValueError as contradiction:
            told.append(str(contradiction))
    assert told[0] != told[1]
    assert not isinstance(told[0], str)


@pytest.mark.smoke
def test_KEY_2_every_setting_has_its_situation():
    """A new one without a row fails here; so does a row of a setting that is gone."""
    assert sorted([*KEYS, *ELSEWHERE]) == sorted(FIELDS)
