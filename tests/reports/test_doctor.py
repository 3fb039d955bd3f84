"""What is here, what is missing, and how to get it."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.reports.doctor import examine, rendered
from pipelines.reports.machine import packages, prism, python

SECRET = "a long and very secret text"


@pytest.fixture
def workspace(world, tmp_path) -> Path:
    """A workspace of its own, to be damaged."""
    shutil.copytree(world.workspace.root, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def look(workspace, tmp_path):
    def at(root: Path = workspace, free: int = 10**12, **environment: str):
        return examine(
            root, {"HOME": str(tmp_path), **environment}, lambda name: None, datetime.now(UTC), lambda _: free
        )

    return at


def one(found, subject: str):
    (finding,) = [finding for finding in found.findings if finding.subject == subject]
    return finding


def test_a_workspace_that_has_all_is_healthy(look, printed):
    found = look()
    assert found.is_healthy
    assert {f.state for f in found.findings if f.required} == {"ok"}
    assert "All that is needed is here." in printed(rendered(found))


def test_every_finding_that_is_not_fine_has_a_next_step(look, tmp_path):
    for found in (look(), look(tmp_path / "nowhere"), look(free=1000)):
        assert all(f.next_step for f in found.findings if f.state != "ok")


def test_an_empty_folder_lacks_reference_data_and_topics(look, tmp_path, printed):
    found = look(tmp_path / "nowhere" / "yet")
    assert not found.is_healthy
    assert {f.subject for f in found.findings if f.state == "missing" and f.required} == {"reference data", "topics"}
    assert one(found, "workspace").told.endswith("can be made")
    assert not (tmp_path / "nowhere").exists()
    assert "2 missing" in printed(rendered(found))


def test_topics_without_a_file_name_the_way_to_some(look, workspace):
    shutil.rmtree(workspace / "topics")
    (workspace / "topics").mkdir()
    shutil.rmtree(workspace / "lake")
    assert "`codetrail simulate`" in one(look(), "topics").next_step


def test_broken_reference_data_is_told_with_its_place(look, workspace, printed):
    with (workspace / "reference" / "codes.csv").open("a") as codes:
        codes.write("NEW10,nobody-known,spring\n")
    finding = one(look(), "reference data")
    assert finding.state == "missing"
    assert "codes.csv" in finding.told
    assert "\\n" not in printed(rendered(look()))


def test_broken_settings_are_told(look, workspace):
    (workspace / "codetrail.toml").write_text("window_days = 'long'\n")
    assert one(look(), "settings").state == "missing"
    assert "window_days" in one(look(), "settings").told


def test_other_settings_than_the_lakes_are_told(look, workspace):
    (workspace / "codetrail.toml").write_text("window_days = 3\n")
    assert "the lake was made with" in one(look(), "lake").told


def test_a_changed_topic_file_is_told(look, workspace):
    (workspace / "topics" / "orders.ndjson").write_text("{}\n")
    assert "A topic file only grows" in one(look(), "topics").told


def test_a_damaged_lake_is_told(look, workspace):
    for log in (workspace / "lake" / "clicks" / "_delta_log").iterdir():
        log.write_text("no log")
    assert one(look(), "lake").state == "missing"


def test_a_full_disk_is_a_warning(look):
    found = look(free=5_000_000)
    assert (one(found, "disk").state, found.is_healthy) == ("warning", True)
    assert "5.00 MB free" in one(found, "disk").told


def test_a_place_that_cannot_be_written_is_missing(look, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    finding = one(look(tmp_path / "file"), "workspace")
    assert finding.state == "missing"


def test_the_hash_key_is_told_of_and_never_told(look, tmp_path, printed, monkeypatch):
    assert "the first run makes one" in one(look(), "hash key").told
    file = tmp_path / ".config" / "codetrail" / "hash.key"
    assert not file.exists()
    file.parent.mkdir(parents=True)
    file.write_text(SECRET)
    file.chmod(0o644)
    assert one(look(), "hash key").next_step == f"chmod 600 {file}"
    file.chmod(0o600)
    assert one(look(), "hash key").state == "ok"
    monkeypatch.setenv("CODETRAIL_HASH_KEY", SECRET)
    assert "CODETRAIL_HASH_KEY" in one(look(), "hash key").told
    assert SECRET not in printed(rendered(look()))
    monkeypatch.setenv("CODETRAIL_HASH_KEY", "short")
    assert one(look(), "hash key").state == "missing"


def test_a_clock_behind_what_was_written_is_a_warning(workspace):
    past = datetime.now(UTC) - timedelta(days=30)
    found = examine(workspace, {}, lambda name: None, past)
    assert one(found, "clock").state == "warning"
    assert one(examine(workspace, {}, lambda name: None, datetime(1999, 1, 1, tzinfo=UTC)), "clock").state == "missing"


def test_java_is_found_on_path_or_at_java_home(look, tmp_path, workspace):
    assert one(look(), "Java").state == "missing"
    java = tmp_path / "jdk" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.touch(mode=0o755)
    assert one(look(JAVA_HOME=str(tmp_path / "jdk")), "Java").state == "ok"
    found = examine(workspace, {}, {"java": str(java)}.get, datetime.now(UTC))
    assert str(java) in one(found, "Java").told


def test_prism_is_told_of_with_its_place_or_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = {"CODETRAIL_PRISM_LOCATION": str(tmp_path / "prism")}
    assert "make services" in prism({}, lambda name: None, tmp_path).next_step
    assert prism(named, lambda name: None, tmp_path).state == "warning"
    (tmp_path / "prism").touch(mode=0o755)
    found = prism(named, lambda name: None, tmp_path)
    assert (found.state, str(tmp_path / "prism") in found.told) == ("ok", True)


def test_prism_and_java_may_be_missing(look, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not prism({}, lambda name: None, tmp_path).required
    assert (one(look(), "Java").state, one(look(), "Java").required) == ("missing", False)
    assert look().is_healthy


@pytest.mark.parametrize(
    ("required", "states"),
    [
        pytest.param(["polars>=2"], ["ok"], id="a version that fits"),
        pytest.param(["polars<1"], ["missing"], id="a version that does not"),
        pytest.param(["no-such-package-here>=1", "polars"], ["missing", "ok"], id="one that is not installed"),
        pytest.param(["no-such-package-here; python_version < '3'"], [], id="one for another Python"),
        pytest.param([], ["warning"], id="nothing is asked, as codetrail is not installed"),
    ],
)
def test_packages_against_what_is_asked(required, states):
    assert [finding.state for finding in packages(required)] == states


def test_another_python_is_missing():
    assert python("3.12.1").state == "missing"
    assert python("3.11.9").state == "ok"


def test_the_page_fits_100_columns(look, printed, unharmed):
    page = printed(rendered(look()))
    unharmed(page)
    assert max(map(len, page.splitlines())) <= 100


def test_a_cluster_that_is_named_is_looked_for(look, workspace, port, monkeypatch):
    assert "Flink" not in {finding.subject for finding in look().findings}
    monkeypatch.setattr("pipelines.engine_flink._ANSWER_SECONDS", 0.2)
    settings = f'flink_master = "127.0.0.1:{port}"\nflink_job_endpoint = "127.0.0.1:{port}"\n'
    with (workspace / "codetrail.toml").open("a", encoding="utf-8") as file:
        file.write(settings)
    found = look()
    assert not found.is_healthy
    for subject in ("Flink", "job server"):
        assert (one(found, subject).state, "does not answer" in one(found, subject).told) == ("missing", True)
