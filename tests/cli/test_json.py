"""JSON: every command that reports prints exactly one document on standard output, and nothing else there."""

import json

import pytest

READ_ONLY = {
    "explain": "order_id",
    "score": "precision",
    "status": "orders",
    "doctor": None,
    "quarantine list": "total",
    "quarantine show": "reason",
}


def rejected_place(codetrail_here, root) -> str:
    newest = json.loads(codetrail_here("--workspace", root, "quarantine", "list", "--json").out)["newest"][0]
    return "{topic}/{partition}/{offset}".format(**newest)


@pytest.mark.parametrize("command", READ_ONLY)
def test_a_report_of_the_demo_is_one_document(codetrail_here, demo, listing, command):
    before = listing(demo.root)
    asked = {"explain": ["ORD-101305"], "quarantine show": [rejected_place(codetrail_here, demo.root)]}
    ended = codetrail_here("--workspace", demo.root, *command.split(), *asked.get(command, []), "--json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert READ_ONLY[command] is None or READ_ONLY[command] in document
    assert ended.err == ""
    assert listing(demo.root) == before


def test_simulate_run_and_publish_print_what_they_did(codetrail_here, shop, tmp_path):
    made = json.loads(codetrail_here("--workspace", tmp_path / "new", "simulate", "--orders", "5", "--json").out)
    assert made["orders"] == 5
    ran = json.loads(codetrail_here("--workspace", shop, "run", "--json").out)
    assert ran["cause"] == "event"
    published = json.loads(codetrail_here("--workspace", shop, "publish", "--json").out)
    assert published["version"] == 2
    assert published["orders"] == 1


def test_a_demo_is_one_document_too_and_makes_its_own_folder_anew(codetrail_here, tmp_path):
    root = tmp_path / "demo"
    root.mkdir()
    (root / ".codetrail-demo").touch()
    (root / "from an earlier demo").touch()
    ended = codetrail_here("--workspace", root, "demo", "--orders", "40", "--seed", "3", "--json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["campaigns"]
    assert document["influencers"]
    assert document["score"]["orders"] == 40
    assert not (root / "from an earlier demo").exists()
