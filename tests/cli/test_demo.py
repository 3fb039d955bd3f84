"""The demo: from raw events to tables, a score and a picture that are there."""


def test_it_says_each_step_and_shows_the_tables_the_score_and_the_picture(demo):
    steps = [line.split()[0] for line in demo.ended.out.splitlines() if line.strip()]
    in_order = [step for step in steps if step in ("simulate", "run", "build", "check", "publish")]
    assert in_order == ["simulate", "run", "build", "check", "publish"]
    for said in ("Campaign ", "Influencer ", "Unattributed", "precision", "recall", "roi.html", "roi.png"):
        assert said in demo.ended.out


def test_the_picture_and_the_published_tables_are_where_it_says(demo):
    published = demo.root / "published"
    assert (published / "roi.png").read_bytes().startswith(b"\x89PNG")
    assert "vegaEmbed" in (published / "roi.html").read_text(encoding="utf-8")
    assert (published / "current" / "fct_influencer_roi.parquet").is_file()
    assert (published / "current" / "marts.duckdb").is_file()


def test_running_again_adds_nothing(codetrail_here, shop):
    ended = codetrail_here("--workspace", shop, "run")
    assert ended.code == 0
    assert "0 messages: 0 landed, 0 rejected; 0 orders" in ended.out
