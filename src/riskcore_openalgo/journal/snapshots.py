"""Snapshots: the state of an account after a row, so that a start need not fold everything before it.

A snapshot says less than the journal does: one that was made by other code, is damaged, or does not fit the chain is
passed over, and everything is folded. Only the snapshot that a pruned journal begins with (`base`) has to be read.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import cattrs
from attrs import evolve, frozen
from sqlalchemy import Connection, delete, insert, select

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.journal.chain import Mark
from riskcore_openalgo.journal.codec import VERSIONS, converter, decode, encode
from riskcore_openalgo.journal.tables import SNAPSHOTS

FIRST: Final = datetime(1970, 1, 1, tzinfo=rc.IST)
KEPT: Final = 2
"""Snapshots kept beside the base: the newest, and one in case it is damaged."""


@frozen
class Snapshot:
    """A state, the row it stands after, and, in a base, the policy that was in force there."""

    state: engine.State
    mark: Mark
    policy: rc.Policy | None = None


class SnapshotDamaged(ValueError):
    """A snapshot that cannot be read."""


@lru_cache(maxsize=1)
def tag() -> str:
    """What made a snapshot: the version and a digest of the core's own source, for it is the core that folds."""
    digest = hashlib.sha256()
    for name, source in sorted(_sources(resources.files(rc), "")):
        digest.update(name.encode() + b"\0" + source)
    return f"{rc.__version__} {digest.hexdigest()[:16]}"


def text_of(snapshot: Snapshot) -> str:
    """A snapshot's content as canonical JSON; decimals keep their exponents."""
    policy = None
    if snapshot.policy is not None:
        loaded = events.PolicyLoaded(snapshot.state.now or FIRST, snapshot.policy)
        policy = {"version": VERSIONS["PolicyLoaded"], "body": encode(loaded)}
    content = {"state": STATES.unstructure(snapshot.state), "policy": policy}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def read(text: str, mark: Mark) -> Snapshot:
    """The snapshot again; `SnapshotDamaged` where that cannot be."""
    try:
        content = json.loads(text)
        state = STATES.structure(content["state"], engine.State)
        policy = content["policy"]
        loaded = None if policy is None else decode("PolicyLoaded", policy["version"], policy["body"]).policy
    except (ValueError, KeyError, TypeError, cattrs.BaseValidationError) as problem:
        raise SnapshotDamaged(str(problem)) from problem
    return Snapshot(state, mark, loaded)


def keep(connection: Connection, snapshot: Snapshot, *, base: bool = False) -> None:
    """Write a snapshot, and forget those before it that are not needed any more."""
    text, (seq, head) = text_of(snapshot), snapshot.mark
    connection.execute(delete(SNAPSHOTS).where(SNAPSHOTS.c.seq == seq))
    values = {"seq": seq, "head": head, "tag": tag(), "base": int(base), "digest": _digest(seq, head, tag(), text)}
    connection.execute(insert(SNAPSHOTS).values(body=text, **values))
    others = select(SNAPSHOTS.c.seq).where(SNAPSHOTS.c.base == 0).order_by(SNAPSHOTS.c.seq.desc())
    for old in connection.execute(others).scalars().all()[KEPT:]:
        connection.execute(delete(SNAPSHOTS).where(SNAPSHOTS.c.seq == old))


def stored(connection: Connection, after: int) -> list[Snapshot]:
    """The snapshots that can be used, made by this code, after a row; newest first."""
    query = select(SNAPSHOTS).where(SNAPSHOTS.c.tag == tag(), SNAPSHOTS.c.base == 0, SNAPSHOTS.c.seq > after)
    found = []
    for row in connection.execute(query.order_by(SNAPSHOTS.c.seq.desc())):
        try:
            found.append(_checked(row))
        except SnapshotDamaged:
            continue
    return found


def base(connection: Connection, genesis: Mark) -> Snapshot:
    """What a pruned journal begins with, whoever made it; `SnapshotDamaged` where it is missing or changed."""
    row = connection.execute(select(SNAPSHOTS).where(SNAPSHOTS.c.base == 1)).first()
    if row is None or (row.seq, row.head) != genesis:
        raise SnapshotDamaged("it is missing")
    found = _checked(row)
    if found.policy is None or not found.state.policy_hash:
        return found
    digest = rc.policy_hash(engine.in_force(found.state, found.policy))  # as this version gives it
    return evolve(found, state=evolve(found.state, control=evolve(found.state.control, digest=digest)))


def same(snapshot: Snapshot) -> bool:
    """Whether it comes back from its text as it is: one that does not is not worth keeping."""
    text = text_of(snapshot)
    back = read(text, snapshot.mark)
    return back == snapshot and text_of(back) == text


def _checked(row: Any) -> Snapshot:
    if row.digest != _digest(row.seq, row.head, row.tag, row.body):
        raise SnapshotDamaged("it was changed after it was written")
    return read(row.body, Mark(row.seq, row.head))


def _digest(seq: int, head: str, made_by: str, text: str) -> str:
    return hashlib.sha256(json.dumps([seq, head, made_by, text]).encode("ascii")).hexdigest()


def _sources(folder: Any, name: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        path = f"{name}/{entry.name}"
        if entry.is_dir():
            found += _sources(entry, path)
        elif entry.name.endswith(".py"):
            found.append((path, entry.read_bytes()))
    return found


def _states() -> cattrs.Converter:
    made = converter(str)
    either = rc.ApprovedEntry | rc.ApprovedExit

    def approved(value: Any, _: Any) -> Any:
        return made.structure(value, rc.ApprovedExit if "position_id" in value else rc.ApprovedEntry)

    made.register_structure_hook(either, approved)
    return made


STATES: Final = _states()
