"""Settings: which of several values counts, and what a wrong one says."""

import pytest

from pipelines.failures import BadInput
from pipelines.settings import Settings, load_settings

DAY = 86_400_000_000  # microseconds


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CODETRAIL_{name.upper()}", raising=False)


@pytest.fixture
def load(tmp_path):
    """Loads a workspace's settings: the text of `codetrail.toml` (None: there is none) and the options."""

    def load_text(toml=None, **options):
        file = tmp_path / "codetrail.toml"
        if toml is not None:
            file.write_text(toml, encoding="utf-8")
        return load_settings(file, options)

    return load_text


def test_a_workspace_needs_no_file(load):
    settings = load()
    assert (settings.reporting_currency, settings.policy, settings.path_transform) == ("USD", "code_wins", "none")
    assert (settings.window, settings.half_life, settings.lateness) == (30 * DAY, 7 * DAY, 7 * DAY)
    assert settings.history_from is None


@pytest.mark.parametrize(
    ("toml", "environment", "option", "policy"),
    [
        pytest.param(None, None, None, "code_wins", id="nobody says anything"),
        pytest.param("link_wins", None, None, "link_wins", id="the file alone"),
        pytest.param("link_wins", "if_winner", None, "if_winner", id="the environment over the file"),
        pytest.param("link_wins", "if_winner", "if_involved", "if_involved", id="an option over both"),
        pytest.param("link_wins", None, "if_involved", "if_involved", id="an option over the file"),
        pytest.param(None, "if_winner", None, "if_winner", id="the environment without a file"),
    ],
)
def test_which_value_counts(load, monkeypatch, toml, environment, option, policy):
    if environment:
        monkeypatch.setenv("CODETRAIL_POLICY", environment)
    assert load(toml and f'policy = "{toml}"', policy=option).policy == policy


def test_every_setting_may_stand_in_the_file(load):
    settings = load(
        'reporting_currency = "KWD"\npolicy = "if_winner"\nwindow_days = 14\nlateness_days = 3\n'
        'path_transform = "unique"\nhalf_life_days = 3.5\nhistory_from = 2024-01-01T00:00:00Z\nshards = 3\n'
    )
    assert (settings.reporting_currency, settings.window, settings.lateness) == ("KWD", 14 * DAY, 3 * DAY)
    assert (settings.path_transform, settings.half_life, settings.shards) == ("unique", 7 * DAY // 2, 3)
    assert settings.history_from.isoformat() == "2024-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        pytest.param("windowdays = 3", "windowdays", id="an unknown key"),
        pytest.param('policy = "first_wins"', "policy", id="no such policy"),
        pytest.param("window_days = 0", "window_days", id="no window"),
        pytest.param("window_days = -1", "window_days", id="a negative window"),
        pytest.param('window_days = "a month"', "window_days", id="a text for a number"),
        pytest.param("window_days = nan", "window_days", id="not a number"),
        pytest.param("window_days = inf", "window_days", id="an endless window"),
        pytest.param("half_life_days = 0", "half_life_days", id="no half-life"),
        pytest.param("half_life_days = 1e-12", "half_life_days", id="a half-life of less than a microsecond"),
        pytest.param("lateness_days = -1", "lateness_days", id="a negative lateness"),
        pytest.param("shards = 0", "shards", id="no shard"),
        pytest.param("shards = 2.5", "shards", id="half a shard"),
        pytest.param('reporting_currency = "usd"', "reporting_currency", id="a currency in lower case"),
        pytest.param('reporting_currency = "XAU"', "reporting_currency", id="gold"),
        pytest.param('path_transform = "sort"', "path_transform", id="no such transform"),
        pytest.param("history_from = 2024-01-01T00:00:00", "history_from", id="an instant without its offset"),
        pytest.param("policy = ", "is no TOML", id="no TOML at all"),
        pytest.param('bootstrap_servers = ""', "bootstrap_servers", id="no brokers"),
        pytest.param('kafka_client = "librdkafka"', "kafka_client", id="no such client"),
        pytest.param('kafka_security_protocol = "TLS"', "kafka_security_protocol", id="no such protocol"),
        pytest.param('kafka_sasl_mechanism = "GSSAPI"', "kafka_sasl_mechanism", id="a mechanism that is not offered"),
        pytest.param("kafka_request_timeout_seconds = 0", "kafka_request_timeout_seconds", id="no time to answer"),
        pytest.param('dead_letter_topic = "dead letters"', "dead_letter_topic", id="no name for a topic"),
        pytest.param("metrics_port = 65536", "metrics_port", id="no such port"),
        pytest.param("block_seconds = 0", "block_seconds", id="no time for a block"),
        pytest.param("block_messages = 0", "block_messages", id="an empty block"),
        pytest.param('webhook_url = "ftp://shop/hook"', "webhook_url", id="a webhook of another scheme"),
        pytest.param('webhook_url = "https:///hook"', "webhook_url", id="a webhook of no host"),
        pytest.param('webhook_url = "https://me:word@shop/hook"', "webhook_url", id="a webhook with a login"),
        pytest.param('webhook_url = "https://shop:99999/"', "webhook_url", id="a webhook of no such port"),
        pytest.param('webhook_url = "https://shop/a b"', "webhook_url", id="a webhook with a space"),
        pytest.param('webhook_url = "https://shop/\\r\\nX: y"', "webhook_url", id="a webhook with a header"),
    ],
)
def test_a_wrong_setting_is_bad_input_that_names_it_and_its_file(load, toml, named):
    with pytest.raises(BadInput, match=named) as refused:
        load(toml)
    assert "codetrail.toml" in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("environment", "options", "named"),
    [
        pytest.param({"CODETRAIL_SHARDS": "many"}, {}, "shards", id="in the environment"),
        pytest.param({"CODETRAIL_POLICY": ""}, {}, "policy", id="nothing in the environment"),
        pytest.param({}, {"policy": "first_wins"}, "policy", id="in an option"),
        pytest.param({}, {"colour": "red"}, "colour", id="an option that is none"),
    ],
)
def test_a_wrong_setting_from_elsewhere_is_bad_input_too(load, monkeypatch, environment, options, named):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match=named):
        load(**options)


def test_all_wrong_settings_are_named_at_once(load):
    with pytest.raises(BadInput, match=r"policy.*shards|shards.*policy"):
        load('policy = "x"\nshards = 0\n')


def test_a_file_that_is_no_utf_8_is_bad_input(load, tmp_path):
    (tmp_path / "codetrail.toml").write_bytes(b'policy = "\xff"')
    with pytest.raises(BadInput, match=r"codetrail\.toml"):
        load()


def test_the_hash_key_is_never_shown(load, monkeypatch):
    monkeypatch.setenv("CODETRAIL_HASH_KEY", "a secret of sixteen bytes")
    settings = load()
    assert settings.hash_key.get_secret_value() == "a secret of sixteen bytes"
    assert "a secret" not in repr(settings) + str(settings) + settings.deciding()
    with pytest.raises(BadInput) as refused:
        load("shards = 0")
    assert "a secret" not in str(refused.value)


SECRETS = pytest.mark.parametrize("name", ["kafka_password", "webhook_secret"])


@SECRETS
def test_a_password_is_taken_from_the_environment_and_never_shown(load, monkeypatch, name):
    monkeypatch.setenv(f"CODETRAIL_{name.upper()}", "a secret of many bytes")
    settings = load('kafka_username = "shop"')
    assert getattr(settings, name).get_secret_value() == "a secret of many bytes"
    assert "a secret" not in repr(settings) + str(settings) + settings.deciding()


@SECRETS
def test_a_password_does_not_stand_in_the_file(load, name):
    with pytest.raises(BadInput, match=rf"codetrail\.toml.*CODETRAIL_{name.upper()}.*{name}_file") as refused:
        load(f'{name} = "a secret of many bytes"')
    assert "a secret" not in str(refused.value)


def test_a_short_webhook_secret_is_bad_input_and_not_shown(load, monkeypatch):
    monkeypatch.setenv("CODETRAIL_WEBHOOK_SECRET", "guessable")
    with pytest.raises(BadInput, match="webhook_secret") as refused:
        load()
    assert "guessable" not in str(refused.value)


@pytest.mark.parametrize("url", ["https://shop.example/hooks/a?b=c", "http://127.0.0.1:8080", "https://[::1]:8443/x"])
def test_a_webhook_s_url(load, url):
    assert load(f'webhook_url = "{url}"').webhook_url == url


def test_settings_are_not_changed_afterwards(load):
    with pytest.raises(ValueError, match="frozen"):
        load().policy = "link_wins"


@pytest.mark.parametrize(
    ("toml", "decides"),
    [
        pytest.param('policy = "if_winner"', True, id="policy"),
        pytest.param("window_days = 14", True, id="window"),
        pytest.param('path_transform = "unique"', True, id="path transform"),
        pytest.param('suspicious_clicks = "exclude"', True, id="suspicious clicks"),
        pytest.param('suspicious_clicks = "count"', False, id="which a lake of before had none to name"),
        pytest.param("half_life_days = 14", True, id="half-life"),
        pytest.param('reporting_currency = "EUR"', True, id="reporting currency"),
        pytest.param("lateness_days = 3", False, id="lateness decides nothing"),
        pytest.param("disorder_seconds = 60", False, id="nor does disorder"),
        pytest.param("window_days = 30", False, id="a default that is said decides as one that is not"),
        pytest.param("half_life_days = 7.0", False, id="nor does it matter how it is written"),
    ],
)
def test_the_settings_that_decide(load, toml, decides):
    before = load().deciding()
    assert (load(toml).deciding() != before) is decides
