"""What each participation brought adds up to what the world's messages say."""

import csv
import json


def test_other_channels_stay_in_proportion_to_the_shop(worlds):
    """They claim four tenths of its revenue."""
    workspace, simulated = worlds["none"]
    with (workspace / "reference" / "channels.csv").open(encoding="utf-8", newline="") as file:
        claimed = sum(int(row["orders"]) for row in csv.DictReader(file))
    assert 0.2 < claimed / simulated.orders < 0.6


def test_an_ended_campaign_is_judged_by_what_its_posts_show(worlds):
    workspace, _ = worlds["none"]
    shown = {}
    for line in (workspace / "topics" / "post_metrics.ndjson").read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        if message.get("campaign_id") == "spring-glow":
            shown[message["post_id"]] = message["impressions"]
    with (workspace / "reference" / "targets.csv").open(encoding="utf-8", newline="") as file:
        wanted = [
            float(row["target"])
            for row in csv.DictReader(file)
            if (row["campaign_id"], row["metric"], row["influencer_id"]) == ("spring-glow", "impressions", "")
        ]
    assert 0.6 < sum(shown.values()) / wanted[0] < 1.5
