"""The settings of a workspace: an option overrides the environment, which overrides `codetrail.toml`."""

import os
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from pipelines.failures import BadInput

Policy = Literal["code_wins", "link_wins", "if_involved", "if_winner"]
PathTransform = Literal["none", "collapse_repeats", "unique"]
