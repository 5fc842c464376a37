"""The words of the engine: inputs (what happened outside) and facts (what it means); commands stand beside them.

Inputs and facts are journalled; `evolve` folds facts alone, so a fact holds everything its effect needs. Each
fact type has a `VERSION`; the journal lifts an older one when it is read, an unknown one refuses the start. `at` is the
moment in IST on every one of them.
"""

from __future__ import annotations

from typing import TypeAlias, get_args

from riskcore.commands import (
    INTENTS as INTENTS,
    AskEquity as AskEquity,
    AskEvidence as AskEvidence,
    CancelOrder as CancelOrder,
    Command as Command,
    PlaceEntry as PlaceEntry,
    PlaceExit as PlaceExit,
    ReviseOrder as ReviseOrder,
)
from riskcore.control import (
    EMERGENCY_LATCH as EMERGENCY_LATCH,
    FLAT as FLAT,
    INCOMPLETE as INCOMPLETE,
    PENDING as PENDING,
    STOPPING as STOPPING,
    Emergency as Emergency,
)
from riskcore.events.controls import (
    AcknowledgeAlarm as AcknowledgeAlarm,
    AlarmAcknowledged as AlarmAcknowledged,
    Approaching as Approaching,
    ClockSeen as ClockSeen,
    ConfirmPolicy as ConfirmPolicy,
    ConnectionSeen as ConnectionSeen,
    ConnectionStaged as ConnectionStaged,
    ControlRefused as ControlRefused,
    DriftMeasured as DriftMeasured,
    Latched as Latched,
    Lifted as Lifted,
    LoginSeen as LoginSeen,
    Noticed as Noticed,
    NoticeGiven as NoticeGiven,
    OperatorHalted as OperatorHalted,
    OperatorResumed as OperatorResumed,
    OrderFailed as OrderFailed,
    PolicyConfirmed as PolicyConfirmed,
    PolicyHeld as PolicyHeld,
    Rearmed as Rearmed,
    Receded as Receded,
    TroubleOver as TroubleOver,
    TroubleSeen as TroubleSeen,
)
from riskcore.events.facts import (
    AlertDropped as AlertDropped,
    CancelRequested as CancelRequested,
    ClockBackward as ClockBackward,
    EntryApproved as EntryApproved,
    EntryRefused as EntryRefused,
    EntryWithheld as EntryWithheld,
    EquityKnown as EquityKnown,
    ExitApproved as ExitApproved,
    Filled as Filled,
    OrderMoved as OrderMoved,
    PolicyChanged as PolicyChanged,
    ReversalBegun as ReversalBegun,
    ReversalDue as ReversalDue,
    SessionOpened as SessionOpened,
    SignalRepeated as SignalRepeated,
    SignalTaken as SignalTaken,
    StrayReport as StrayReport,
)
from riskcore.events.hands import (
    ControlTaken as ControlTaken,
    EmergencyOrdered as EmergencyOrdered,
    EmergencyStaged as EmergencyStaged,
    EmergencyStopped as EmergencyStopped,
    ForeignCancelRequested as ForeignCancelRequested,
    OperatorCancelled as OperatorCancelled,
    OperatorEntered as OperatorEntered,
    OperatorExited as OperatorExited,
    OperatorSeen as OperatorSeen,
    OperatorSet as OperatorSet,
    OperatorSettled as OperatorSettled,
    OperatorTightened as OperatorTightened,
    PolicyAdjusted as PolicyAdjusted,
    PolicyScheduled as PolicyScheduled,
)
from riskcore.events.held import (
    ContractExpired as ContractExpired,
    Marked as Marked,
    PositionClosed as PositionClosed,
    SharesLacking as SharesLacking,
    StopKept as StopKept,
    StopMoved as StopMoved,
    TightenStop as TightenStop,
)
from riskcore.events.inputs import (
    AlertRefused as AlertRefused,
    BarsShown as BarsShown,
    EquityRead as EquityRead,
    EvidenceArrived as EvidenceArrived,
    EvidenceFailed as EvidenceFailed,
    OrderReported as OrderReported,
    PolicyLoaded as PolicyLoaded,
    PricesSeen as PricesSeen,
    SignalArrived as SignalArrived,
    TimePassed as TimePassed,
)
from riskcore.events.money import (
    AnswersEmpty as AnswersEmpty,
    FundsCompared as FundsCompared,
    FundsExplained as FundsExplained,
    FundsMoved as FundsMoved,
    FundsSeen as FundsSeen,
)
from riskcore.events.orders import (
    REFUSED as REFUSED,
    TAKEN as TAKEN,
    UNSURE as UNSURE,
    AcceptedMoved as AcceptedMoved,
    Acknowledged as Acknowledged,
    Alarmed as Alarmed,
    AlarmOver as AlarmOver,
    Bared as Bared,
    BooksDiffer as BooksDiffer,
    BooksRead as BooksRead,
    BrokerKnown as BrokerKnown,
    BrokerSeen as BrokerSeen,
    CancelFailed as CancelFailed,
    CancelRefused as CancelRefused,
    Covered as Covered,
    DifferencesAccepted as DifferencesAccepted,
    DifferencesTaken as DifferencesTaken,
    EndDoubted as EndDoubted,
    ExitWanted as ExitWanted,
    LoginChanged as LoginChanged,
    OrderAbsent as OrderAbsent,
    OrderShown as OrderShown,
    Overfilled as Overfilled,
    PositionAdjusted as PositionAdjusted,
    PriceDoubted as PriceDoubted,
    Reconciled as Reconciled,
    Revalued as Revalued,
    RevisionReported as RevisionReported,
    RevisionRequested as RevisionRequested,
    RevisionSettled as RevisionSettled,
    RowsAlike as RowsAlike,
    RowsSeen as RowsSeen,
    StopTouched as StopTouched,
    TradeCorrected as TradeCorrected,
)
from riskcore.states import CONFIRM as CONFIRM, CONTROL_REFUSALS as CONTROL_REFUSALS

Input: TypeAlias = (
    PolicyLoaded
    | EquityRead
    | SignalArrived
    | AlertRefused
    | EvidenceArrived
    | EvidenceFailed
    | PricesSeen
    | BarsShown
    | TightenStop
    | ContractExpired
    | OrderReported
    | TimePassed
    | TroubleSeen
    | TroubleOver
    | OperatorHalted
    | OperatorResumed
    | LoginSeen
    | ConnectionSeen
    | ClockSeen
    | BrokerSeen
    | BooksRead
    | RevisionReported
    | CancelRefused
    | DifferencesAccepted
    | FundsSeen
    | OperatorEntered
    | OperatorExited
    | OperatorCancelled
    | OperatorTightened
    | OperatorSet
    | EmergencyStopped
    | OperatorSeen
    | ConfirmPolicy
    | NoticeGiven
    | AcknowledgeAlarm
    | FundsMoved
    | OperatorSettled
)
INPUTS: tuple[type, ...] = get_args(Input)

Fact: TypeAlias = (
    PolicyChanged
    | SessionOpened
    | EquityKnown
    | SignalTaken
    | SignalRepeated
    | AlertDropped
    | EndDoubted
    | EntryRefused
    | EntryApproved
    | EntryWithheld
    | ReversalBegun
    | ReversalDue
    | ExitApproved
    | CancelRequested
    | OrderMoved
    | StrayReport
    | Filled
    | PositionClosed
    | Marked
    | StopMoved
    | StopKept
    | Latched
    | Lifted
    | ClockBackward
    | ControlRefused
    | OrderFailed
    | DriftMeasured
    | ConnectionStaged
    | Approaching
    | Receded
    | Rearmed
    | BrokerKnown
    | LoginChanged
    | Acknowledged
    | OrderAbsent
    | OrderShown
    | RowsAlike
    | RowsSeen
    | SharesLacking
    | RevisionRequested
    | RevisionSettled
    | Revalued
    | TradeCorrected
    | Overfilled
    | ExitWanted
    | StopTouched
    | PriceDoubted
    | Bared
    | Covered
    | Alarmed
    | AlarmOver
    | BooksDiffer
    | Reconciled
    | DifferencesTaken
    | AcceptedMoved
    | PositionAdjusted
    | FundsCompared
    | ControlTaken
    | EmergencyOrdered
    | EmergencyStaged
    | ForeignCancelRequested
    | PolicyAdjusted
    | PolicyScheduled
    | PolicyHeld
    | PolicyConfirmed
    | Noticed
    | AlarmAcknowledged
    | FundsExplained
    | AnswersEmpty
    | CancelFailed
)
FACTS: tuple[type, ...] = get_args(Fact)
