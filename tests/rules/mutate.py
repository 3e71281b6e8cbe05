"""Breaks each condition of firestore.rules in turn; each time a test of the table must notice.

`python -m tests.rules.mutate`, or `make mutate-rules`. The last line is "N mutants, N killed"; what survived
stands above it, and the exit code is 1 then.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from dalsegno.testing._firestore_emulator import FirestoreEmulator
from tests.rules.conditions import Mutant, mutants
from tests.rules.forbidden import Forbidden
from tests.rules.requests import Server
from tests.rules.samples import settle
from tests.rules.table_allowed import ALLOWED, Allowed
from tests.rules.table_cut_off import CUT_OFF
from tests.rules.table_devices import DEVICES
from tests.rules.table_holder import HOLDER
from tests.rules.table_others import OTHERS
from tests.rules.table_sessions import SESSIONS
from tests.support.emulator import RULES

AT_ONCE = 2
HELD = [*HOLDER, *SESSIONS]
TABLES = {"sessions": HELD, "marks": OTHERS, "signins": DEVICES, "devices": DEVICES, "users": CUT_OFF}
"""Where the tests of a kind of documents are: they come first, who kills soon is done soon."""


def killer(emulator: FirestoreEmulator, rules: str, cases: Iterable[Allowed | Forbidden]) -> str:
    """The first complaint of the tests about these rules; empty if they see nothing wrong."""
    server = Server(emulator.host, f"demo-{uuid.uuid4().hex[:12]}")
    emulator.load_rules(server.project, rules)
    if complaints := settle(server):
        return complaints[0]
    for case in cases:
        if complaints := case.complaints(server):
            return complaints[0]
    return ""


def cases(kind: str = "", loosens: bool = False) -> Iterator[Allowed | Forbidden]:
    """All of them; first those that are likely to see what is wrong."""
    nearest = TABLES.get(kind, [])
    forbidden = [table for table in (HELD, DEVICES, CUT_OFF, OTHERS) if table is not nearest]
    tables: list[Iterable[Allowed | Forbidden]]
    tables = [nearest, *forbidden, ALLOWED] if loosens else [ALLOWED, nearest, *forbidden]
    return chain.from_iterable(tables)


def main() -> int:
    rules = RULES.read_text(encoding="utf-8")
    with (
        FirestoreEmulator.start(rules=RULES, progress=print) as emulator,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        if complaint := killer(emulator, rules, cases()):
            print(f"the rules as they are: {complaint}")
            return 1

        def verdict(mutant: Mutant) -> bool:
            complaint = killer(emulator, mutant.text, cases(mutant.kind, mutant.loosens))
            fate = f"killed: {complaint}" if complaint else "SURVIVED"
            print(f"{RULES.name}:{mutant.line}: {mutant.title}\n    {fate}", flush=True)
            return bool(complaint)

        verdicts = list(pool.map(verdict, mutants(rules)))
    print(f"{len(verdicts)} mutants, {sum(verdicts)} killed")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
