"""The cells: where each story's day is killed. `NAME@KIND:N` is the n-th time that a failpoint concerns a KIND.

Several failpoints in one cell are several lives, each killed in its turn. `broker:N` is a kill at the n-th thing that
becomes of an order at the broker, while the answer is under way.
"""

TARGET = """
client.order.sending
client.order.sending:2
client.order.answered
client.order.answered:2
client.order.answered:3
gateway.place.sending@ApprovedEntry
gateway.place.sent@ApprovedEntry
gateway.place.sending@ApprovedExit
gateway.place.sent@ApprovedExit
gateway.place.sending@ApprovedExit:2
gateway.place.sent@ApprovedExit:2
gateway.modify.sending
gateway.modify.sent
gateway.modify.sending:2
gateway.modify.sent:2
gateway.cancel.sending
gateway.cancel.sent
broker:1
broker:2
broker:3
broker:4
broker:5
broker:6
broker:7
runner.start.folded
runner.turn.stepped@SignalArrived
runner.turn.stepped@EntryApproved
runner.turn.stepped@Filled
runner.turn.stepped@RevisionRequested
runner.turn.stepped@PositionClosed
runner.turn.durable@SignalArrived
runner.turn.durable@Filled
runner.turn.durable@StopMoved
runner.turn.durable@PositionClosed
runner.answer.giving
runner.answer.given
intake.answer.sending
runner.commands.starting@AskEvidence
runner.commands.starting@PlaceEntry
runner.commands.starting@PlaceExit
runner.commands.starting@ReviseOrder
runner.commands.between@PlaceEntry
runner.commands.between@PlaceExit
runner.commands.between@CancelOrder
lanes.report.offering@EvidenceArrived
lanes.report.offering@OrderReported
lanes.report.offering@RevisionReported
lanes.report.offered@BooksRead:3
lanes.report.offered@OrderReported:2
lanes.report.offered@OrderReported:3
journal.schema.put
journal.schema.made
journal.rows.writing@EntryApproved
journal.rows.put@EntryApproved
journal.rows.put@ExitApproved
journal.rows.committed@ExitApproved:2
journal.rows.committed@ExitWanted
gateway.place.sent@ApprovedEntry gateway.place.sending@ApprovedExit gateway.cancel.sent
gateway.place.sent@ApprovedEntry runner.turn.stepped@Acknowledged
gateway.place.sending@ApprovedExit runner.turn.durable@OrderAbsent:2 gateway.place.sending@ApprovedExit
gateway.cancel.sending runner.turn.durable@CancelRequested
gateway.modify.sending journal.rows.put@RevisionSettled
broker:1 broker:1 broker:1 broker:1
"""
TIMEOUT = """
gateway.place.sent@ApprovedEntry
gateway.cancel.sending
gateway.cancel.sent
broker:2
broker:4
broker:5
runner.turn.durable@CancelRequested
journal.rows.put@Filled
journal.rows.committed@Filled:2
lanes.report.offered@BooksRead:3
"""
UNKNOWN = """
client.order.answered
gateway.place.sent@ApprovedEntry
gateway.place.sending@ApprovedExit:2
gateway.place.sent@ApprovedExit:2
gateway.cancel.sent
broker:1
lanes.report.offering@OrderReported
runner.turn.stepped@Acknowledged
journal.rows.committed@Acknowledged
journal.rows.committed@StopTouched
runner.commands.starting@CancelOrder
runner.turn.durable@ExitWanted
"""
SPOOL = """
spool.syncing
spool.synced
spool.rows.written
spool.rows.kept
spool.rows.kept:3
spool.clearing
runner.commands.starting@CancelOrder
gateway.place.sent@ApprovedExit:2
spool.rows.kept:2 journal.spool.adopting
spool.rows.kept:2 journal.spool.adopted
spool.rows.written:2 spool.clearing
"""
CELLS = [
    (story, place.split())
    for story, places in (("target", TARGET), ("timeout", TIMEOUT), ("unknown", UNKNOWN), ("spool", SPOOL))
    for place in places.split("\n")
    if place
]
ALWAYS = {
    ("target", "gateway.place.sent@ApprovedEntry"),
    ("target", "runner.turn.durable@Filled"),
    ("target", "gateway.modify.sent"),
    ("unknown", "gateway.cancel.sent"),
    ("spool", "spool.rows.kept:2 journal.spool.adopted"),
}
"""The share of the matrix that runs with the other tests."""
