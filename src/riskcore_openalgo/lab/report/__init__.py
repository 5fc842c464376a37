"""The report: what a journal or a backtest came to, as one page, as JSON and as CSV.

`study_of_journal(reader)` or `study_of(facts, prices, ...)` gathers it into a `Study`; `page(study)`, `as_json(study)`
and `write_csv(study, folder)` show it.
"""

from riskcore_openalgo.lab.report.files import as_json as as_json, write_csv as write_csv
from riskcore_openalgo.lab.report.page import page as page
from riskcore_openalgo.lab.report.study import (
    Extra as Extra,
    Span as Span,
    Story as Story,
    Study as Study,
    study_of as study_of,
    study_of_journal as study_of_journal,
)
