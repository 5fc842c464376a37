"""The configuration room: four YAML files become checked values, or every fault in them is named at once.

    settings = load_settings(Path("config"))    # Settings(policy, strategies, credentials, system, sources)
    write_defaults(Path("config"))              # what `riskcore init` does

Nothing of the policy is said here: its keys, defaults, checks and help are read off `riskcore.Policy`.
"""

from riskcore_openalgo.config.checks import LIVE, PAPER
from riskcore_openalgo.config.control_page import ControlAccess, ControlPage
from riskcore_openalgo.config.intake import AlertSource, Intake, OldSecret
from riskcore_openalgo.config.keys import Keys
from riskcore_openalgo.config.loader import load_policy, load_settings
from riskcore_openalgo.config.problems import EXIT_CONFIGURATION, ConfigurationError, Problem
from riskcore_openalgo.config.settings import (
    AlertChannels,
    Alerting,
    Credentials,
    InstrumentGiven,
    Logging,
    OpenAlgoAccess,
    Settings,
    Source,
    Strategy,
    System,
    Watching,
    Webhook,
)
from riskcore_openalgo.config.unmet import no_entries, unmet_limits
from riskcore_openalgo.config.writer import write_defaults, write_minimal

__all__ = [
    "EXIT_CONFIGURATION",
    "LIVE",
    "PAPER",
    "AlertChannels",
    "AlertSource",
    "Alerting",
    "ConfigurationError",
    "ControlAccess",
    "ControlPage",
    "Credentials",
    "InstrumentGiven",
    "Intake",
    "Keys",
    "Logging",
    "OldSecret",
    "OpenAlgoAccess",
    "Problem",
    "Settings",
    "Source",
    "Strategy",
    "System",
    "Watching",
    "Webhook",
    "load_policy",
    "load_settings",
    "no_entries",
    "unmet_limits",
    "write_defaults",
    "write_minimal",
]
