"""The fault proxy between Google's own client and the official emulator."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import ServiceUnavailable

from dalsegno.testing import FaultProxy
from tests.rules.requests import Server
from tests.rules.samples import first, next_, settle
from tests.support.waiting import until


def test_a_client_survives_a_cut(emulator_host: str, project: str) -> None:
    """Through the link a commit arrives; cut, it fails as unavailable; restored, the same client goes on."""
    with FaultProxy(emulator_host) as link:
        server = Server(link.host, project)
        assert settle(server) == []
        assert server.allows(first("book"))
        link.cut()
        with pytest.raises(ServiceUnavailable):
            next_("book").send(server)
        link.restore()

        def goes_on() -> bool:
            try:
                return server.allows(next_("book"))
            except ServiceUnavailable:  # gRPC waits a second before it connects again
                return False

        until(goes_on, what="the client's next connection")
        assert link.accepted >= 2
