"""Real processes that lose the network again and again. `make tunnels` takes the time of 30 tunnels."""

from __future__ import annotations

from tests.soak import tunnels

SEED = 20260401


def test_devices_agree_after_every_tunnel_and_nothing_is_lost(emulator_host: str, project: str) -> None:
    """Two devices, edited throughout, come out of each tunnel to the same state, with every edit in it."""
    done = tunnels.run(emulator_host, project, tunnels=4, shortest_s=0.3, longest_s=1.5, seed=SEED)
    assert 4 == len(done)
    assert {"cut", "half_open", "stall"} >= {tunnel.kind for tunnel in done}
    assert all(tunnel.edits for tunnel in done)


def test_percentiles_are_values_that_occurred() -> None:
    """The 95th percentile of 30 is the 29th in order: no interpolation makes it look better."""
    assert (15, 29, 30) == tuple(tunnels.percentile(range(1, 31), share) for share in (0.5, 0.95, 1.0))
