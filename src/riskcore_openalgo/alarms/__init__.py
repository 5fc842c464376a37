"""What somebody is told while a runner runs: a table from facts to words, and channels that lose nothing.

told(fact)                          # Told(severity, title, text, key), or None: nobody's business now
Alarms(journal, channels=(...))     # the log at once, each channel in a thread of its own behind the journal
"""

from riskcore_openalgo.alarms.alarms import Alarms
from riskcore_openalgo.alarms.delivery import Channel, Quiet
from riskcore_openalgo.alarms.severities import CRITICAL, DETAIL, INFO, SEVERITIES, WARNING, Told
from riskcore_openalgo.alarms.table import told

__all__ = ["CRITICAL", "DETAIL", "INFO", "SEVERITIES", "WARNING", "Alarms", "Channel", "Quiet", "Told", "told"]
