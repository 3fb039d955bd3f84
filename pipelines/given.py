"""Given: what every command is handed of the world outside: its workspace, settings, key, clock and chance."""

import getpass
import os
import secrets
import socket
from datetime import UTC, datetime
from typing import Any

import typer

from pipelines import commands
from pipelines.settings import Settings, load_settings
from pipelines.stores.workspace import Workspace, config_home, hash_key


def given_of(context: typer.Context, **options: Any) -> commands.Given:
    """What a command is given: the workspace that the command line names, and its settings under these options."""
    workspace = Workspace(context.obj)
    settings: Settings = load_settings(workspace.settings_file, options)
    return commands.Given(
        workspace=workspace,
        settings=settings,
        hash_key=lambda: hash_key(settings, config_home()),
        now=lambda: datetime.now(UTC),
        new_token=lambda: secrets.token_hex(8),
        user=_user(),
        environment=os.environ,
    )


def _user() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = "unknown"
    return f"{name}@{socket.gethostname()}"
