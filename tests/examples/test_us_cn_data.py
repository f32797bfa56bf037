"""Checks on the example data in examples/us_cn: nothing outside the repository is needed.

Two further checks compare the data with the original survey and are skipped unless the
environment variable AUDITC_WVS_REFERENCE names a JSON file with the original wordings and shares.
"""

import csv
import json
import os
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "examples" / "us_cn"
COUNTRIES = {"United States", "China"}
SEXES = ("male", "female")
AGES = ("under 30", "30-49", "50 and over")
DIMENSIONS = {
    "emancipative_values",
    "individualism",
    "indulgence",
    "long_term_orientation",
    "masculinity",
    "power_distance",
    "uncertainty_avoidance",
    "tradition",
    "universalism",
}
HEADS = {
    "items.csv": "id,dimension,direction,reason,scale,source,text.en,text.zh,options.en,options.zh",
    "shares.csv": "item,country,sex,age,n,n_status,shares",
    "us_states.csv": "place.en,place.zh,residents",
    "cn_provinces.csv": "place.en,place.zh,residents",
    "countries.csv": "name.en,name.zh",
}
SMALLEST_GROUP = 30
INTERVIEWED_IN_CHINA = 3036
HAN = re.compile(r"[\u4e00-\u9fff]")


def rows(name):
    with open(DATA / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def items():
    return rows("items.csv")


@pytest.fixture(scope="module")
def shares():
    return rows("shares.csv")


@pytest.fixture(scope="module")
def reference():
    path = os.environ.get("AUDITC_WVS_REFERENCE")
    if not path:
        pytest.skip("AUDITC_WVS_REFERENCE is not set")
    entries = json.loads(Path(path).read_text(encoding="utf-8"))
    return {entry["qid"]: entry for entry in entries}


# ---- files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(HEADS))
def test_file_is_plain_utf8_with_the_declared_columns(name):
    raw = (DATA / name).read_bytes()
    text = raw.decode("utf-8")
    assert b"\r" not in raw and not raw.startswith(b"\xef\xbb\xbf")
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert text.split("\n", 1)[0] == HEADS[name]
    width = len(HEADS[name].split(","))
    for row in csv.reader(text.splitlines()):
        assert len(row) == width, row
        assert all(cell == cell.strip() for cell in row), row


# ---- items ---------------------------------------------------------------------------------


def test_items_are_many_unique_and_cited(items):
    ids = [item["id"] for item in items]
    assert len(ids) >= 60
    assert len(set(ids)) == len(ids)
    for field in ("text.en", "text.zh"):
        assert len({item[field] for item in items}) == len(items), field
    for item in items:
        assert re.fullmatch(r"Q\d+", item["id"])
        assert item["source"] == f"WVS-7 {item['id']}"
        assert item["scale"] in {"nominal", "ordinal", "interval"}
        assert item["reason"] and "\n" not in item["reason"]


def test_items_cover_the_value_dimensions(items):
    count = Counter(item["dimension"] for item in items)
    assert set(count) <= DIMENSIONS
    assert len([name for name, number in count.items() if number >= 6]) >= 6


def test_a_direction_fits_the_reason_and_the_options(items):
    """Agreement, naming or choice stand first, and speak for the high end unless the reason says otherwise."""
    for item in items:
        options = item["options.en"].split("|")
        known = item["direction"]
        assert known in {"first_high", "last_high", "none"}, item["id"]
        assert (known == "none") == (item["scale"] == "nominal" and len(options) > 2), item["id"]
        if options[0] in {"Strongly agree", "Would choose it", "Would name them", "Very important", "Fully"}:
            assert (known == "last_high") == ("reversed" in item["reason"]), item["id"]
        elif options[0] == "Disagree" or options[0].startswith("1 ("):
            assert (known == "first_high") == ("reversed" in item["reason"]), item["id"]


def test_both_languages_are_complete_and_offer_as_many_options(items):
    for item in items:
        english, chinese = item["options.en"].split("|"), item["options.zh"].split("|")
        assert len(english) == len(chinese) >= 2, item["id"]
        for options in (english, chinese):
            assert all(option == option.strip() != "" for option in options), item["id"]
            assert len(set(options)) == len(options), item["id"]
        assert not HAN.search(item["text.en"] + item["options.en"]), item["id"]
        assert not re.search("[A-Za-z]", item["text.zh"] + item["options.zh"]), item["id"]
        assert item["text.en"].endswith("?") or item["text.en"].endswith("."), item["id"]
        assert item["text.zh"].endswith("？") or item["text.zh"].endswith("。"), item["id"]
        assert re.search(r"\byour?s?\b", item["text.en"]), item["id"]
        assert "您" in item["text.zh"], item["id"]
        assert ("your country" in item["text.en"]) == ("您的国家" in item["text.zh"]), item["id"]
        assert len(item["text.en"].split()) < 45, item["id"]


def test_a_scale_fits_its_options(items):
    for item in items:
        options = item["options.en"].split("|")
        if len(options) == 2:
            assert item["scale"] == "nominal", item["id"]
        if len(options) == 10:
            assert item["scale"] == "ordinal", item["id"]
            for field in ("options.en", "options.zh"):
                numbers = [re.match(r"\d+", option)[0] for option in item[field].split("|")]
                assert numbers == [str(n) for n in range(1, 11)], item["id"]
        if "Hard to judge" in options and options[1] != "Hard to judge":
            assert item["scale"] == "nominal", item["id"]
    assert sum(item["options.en"].count("|") == 9 for item in items) <= 6


# ---- shares --------------------------------------------------------------------------------


def test_shares_sum_to_one_and_match_the_options(items, shares):
    options = {item["id"]: item["options.en"].count("|") + 1 for item in items}
    for row in shares:
        values = [float(value) for value in row["shares"].split("|")]
        assert len(values) == options[row["item"]], row
        assert all(0 <= value <= 1 for value in values), row
        assert abs(sum(values) - 1) <= 0.002, row


def test_no_option_is_empty_for_a_whole_country(items, shares):
    """An option nobody in a country chose was most likely not offered there."""
    for row in shares:
        if not row["sex"] and not row["age"]:
            assert all(float(value) > 0 for value in row["shares"].split("|")), row


def test_every_item_has_both_countries_once(items, shares):
    overall = Counter()
    keys = Counter()
    for row in shares:
        assert row["country"] in COUNTRIES
        assert row["sex"] in ("", *SEXES) and row["age"] in ("", *AGES), row
        keys[row["item"], row["country"], row["sex"], row["age"]] += 1
        if not row["sex"] and not row["age"]:
            overall[row["item"], row["country"]] += 1
    assert max(keys.values()) == 1
    assert {(item["id"], country) for item in items for country in COUNTRIES} == set(overall)


def test_groups_are_not_small_and_their_n_is_counted(shares):
    for row in shares:
        n = int(row["n"])
        assert n >= SMALLEST_GROUP, row
        assert row["n_status"] in {"counted", "nominal"}
        if row["n_status"] == "nominal":
            assert row["country"] == "China" and n == INTERVIEWED_IN_CHINA
            assert not row["sex"] and not row["age"], row
        if row["country"] == "China":
            assert n <= INTERVIEWED_IN_CHINA, row


def test_groups_add_up_to_their_country(shares):
    """Where every group of a kind is there, no group holds people the whole does not."""
    whole, groups = {}, defaultdict(list)
    for row in shares:
        where = row["item"], row["country"]
        if not row["sex"] and not row["age"]:
            whole[where] = row
        else:
            groups[where, bool(row["sex"]), bool(row["age"])].append(row)
    full = {(True, False): 2, (False, True): 3, (True, True): 6}
    for (where, sex, age), members in groups.items():
        assert whole[where]["n_status"] == "counted", where
        total = int(whole[where]["n"])
        counted = sum(int(row["n"]) for row in members)
        assert counted <= total, where
        if len(members) == full[sex, age] and counted >= 0.99 * total:
            size = len(whole[where]["shares"].split("|"))
            for k in range(size):
                pooled = sum(int(r["n"]) * float(r["shares"].split("|")[k]) for r in members)
                assert abs(pooled / counted - float(whole[where]["shares"].split("|")[k])) < 0.01


# ---- places and countries ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number", "residents"),
    [("us_states.csv", 51, 331_449_281), ("cn_provinces.csv", 31, 1_409_778_724)],
)
def test_places_are_complete(name, number, residents):
    places = rows(name)
    assert len(places) == number
    assert len({place["place.en"] for place in places}) == number
    assert len({place["place.zh"] for place in places}) == number
    assert all(HAN.search(place["place.zh"]) for place in places)
    assert sum(int(place["residents"]) for place in places) == residents


def test_control_countries_are_others(shares):
    countries = rows("countries.csv")
    names = [country["name.en"] for country in countries]
    assert len(names) == len(set(names)) == 24
    assert len({country["name.zh"] for country in countries}) == 24
    assert not set(names) & COUNTRIES
    assert not {country["name.zh"] for country in countries} & {"美国", "中国"}
    assert all(HAN.search(country["name.zh"]) for country in countries)


# ---- against the original survey (skipped without it) -----------------------------------------


def words(text):
    return re.findall(r"[a-z0-9]+(?:'[a-z]+)?", text.lower().replace("’", "'"))


def runs(text, length):
    found = words(text)
    return {tuple(found[i : i + length]) for i in range(len(found) - length + 1)}


def test_wordings_are_our_own(items, reference):
    sources, labels = set(), set()
    for entry in reference.values():
        for text in (entry["question"], entry["short"], *entry["options"]):
            sources |= runs(text, 6)
        labels |= {tuple(words(option)) for option in entry["options"]}
    for item in items:
        for text in (item["text.en"], *item["options.en"].split("|")):
            shared = runs(text, 6) & sources
            assert not shared, (item["id"], shared)
        for option in item["options.en"].split("|"):
            found = tuple(words(option))
            assert len(found) < 4 or found not in labels, (item["id"], option)


def test_shares_are_those_of_the_survey(items, shares, reference):
    for row in shares:
        if row["sex"] or row["age"]:
            continue
        entry = reference[row["item"]]
        assert entry["CN"]["confidence"] == "high", row
        cell = entry["US" if row["country"] == "United States" else "CN"]
        assert [float(value) for value in row["shares"].split("|")] == cell["share"], row
        assert int(row["n"]) == cell.get("n", INTERVIEWED_IN_CHINA), row
