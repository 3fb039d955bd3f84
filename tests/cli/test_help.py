"""Help and wrong usage: every command says what it does and shows an example; a mistake is named, with exit 2."""

import pytest
import typer

from pipelines.cli import app


def commands() -> dict[str, object]:
    root = typer.main.get_command(app)
    found = {}
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {inside}": one for inside, one in inner.items()} if inner else {name: command}
    return found


@pytest.mark.parametrize("name", commands())
def test_the_help_of_a_command_has_an_example_that_names_it(codetrail_here, name):
    ended = codetrail_here(*name.split(), "--help")
    assert ended.code == 0
    assert "Example: codetrail" in ended.out
    assert f" {name}" in ended.out.split("Example:")[1]


@pytest.mark.parametrize("name", commands())
def test_every_option_says_what_it_does(name):
    options = [parameter for parameter in commands()[name].params if parameter.param_type_name == "option"]
    assert all(option.help for option in options)


@pytest.mark.parametrize("name", commands())
def test_every_command_prints_json_if_asked(name):
    assert any("--json" in parameter.opts for parameter in commands()[name].params)


def test_without_a_command_the_help_is_shown(codetrail_here):
    ended = codetrail_here()
    assert ended.code == 2
    assert "explain" in ended.out + ended.err


WRONG = {
    "a command that is none": (["attribute"], "attribute"),
    "an option that is none": (["run", "--fast"], "--fast"),
    "a source that is none": (["run", "--source", "carrier-pigeon"], "carrier-pigeon"),
    "a cluster's option for another engine": (["run", "--flink-master", "here:8081"], "--engine flink"),
    "a cluster that is nowhere": (["run", "--source", "kafka", "--follow", "--engine", "flink"], "--flink-master"),
    "a cluster that drains": (["run", "--source", "kafka", "--engine", "flink"], "--follow"),
    "an address that is none": (["run", "--flink-master", "http://here", "--engine", "flink"], "--follow"),
    "a policy that is none": (["run", "--policy", "loudest"], "policy"),
    "a window that is no number": (["run", "--window-days", "long"], "--window-days"),
    "no orders at all": (["simulate", "--orders", "0"], "--orders"),
    "faults that are none": (["simulate", "--faults", "biblical"], "biblical"),
    "no order to explain": (["explain"], "order_id"),
    "a place that is none": (["quarantine", "show", "17"], "17"),
    "a time that is none": (["quarantine", "list", "--since", "yesterday"], "--since"),
    "a past that is none": (["build", "--as-of", "yesterday"], "--as-of"),
    "a past before the lake": (["build", "--as-of", "2001-01-01"], "had seen nothing"),
    "a version that was never published": (["diff", "1", "99"], "99"),
    "no messages to send": (["quarantine", "requeue", "--mend", "."], "--reason"),
    "no messages to drop": (["quarantine", "drop", "--note", "noise"], "--reason"),
    "no reason to drop": (["quarantine", "drop", "orders/0/0"], "--note"),
    "a mend that is none": (["quarantine", "requeue", "--topic", "orders", "--mend", ".a("], "jq"),
    "a mend and a file": (["quarantine", "requeue", "--file", "x", "--mend", "."], "--file"),
    "a file that is none": (["quarantine", "requeue", "--file", "nowhere.ndjson"], "nowhere.ndjson"),
    "text for no mend": (["quarantine", "requeue", "orders/0/0", "--text"], "--mend"),
}


@pytest.mark.parametrize(("arguments", "named"), WRONG.values(), ids=WRONG)
def test_wrong_usage_is_named_and_ends_with_2(codetrail_here, readme_shop, arguments, named):
    ended = codetrail_here("--workspace", readme_shop.root, *arguments)
    assert ended.code == 2
    assert named in ended.err.lower()
    assert ended.out == ""


MISSING = {
    "run": (2, "topics"),
    "build": (2, "codetrail run"),
    "check": (2, "codetrail build"),
    "publish": (1, "codetrail check"),
    "score": (2, "codetrail simulate"),
    "explain ORD-1": (2, "codetrail run"),
    "build --as-of 2026-03-31": (2, "codetrail run"),
    "diff 1 2": (2, "codetrail run"),
    "quarantine list": (2, "codetrail run"),
    "quarantine show orders/0/0": (2, "codetrail run"),
    "quarantine requeue orders/0/0": (2, "codetrail run"),
    "quarantine drop orders/0/0 --note noise": (2, "codetrail run"),
}


@pytest.mark.parametrize("command", MISSING)
def test_without_a_workspace_a_command_says_what_comes_first_and_makes_nothing(codetrail_here, tmp_path, command):
    root = tmp_path / "nowhere"
    code, hint = MISSING[command]
    ended = codetrail_here("--workspace", root, *command.split())
    assert ended.code == code
    assert hint in ended.err
    assert not root.exists()


def test_a_demo_and_a_simulation_leave_a_folder_of_somebody_s_alone(codetrail_here, inputs, listing):
    before = listing(inputs)
    for command in ("demo", "simulate"):
        ended = codetrail_here("--workspace", inputs, command)
        assert ended.code == 2
        assert str(inputs) in ended.err
    assert listing(inputs) == before
