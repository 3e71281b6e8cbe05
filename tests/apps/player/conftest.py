"""A folder with three short tracks, and a stage with devices that share them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.player.audio.engine import Engine
from apps.player.presenter import Presenter
from tests.apps.player.scanning import scanned
from tests.apps.player.sharing import Device, Network
from tests.apps.player.sounds import HandPulledBackend, at_once, noise, write_sound

BLOCK = 1_764  # 40 ms


class Player:
    """One device: presenter, engine and a sound device that the stage pulls."""

    def __init__(self, stage: Stage, shared: Device, folder: Path, home: Path) -> None:
        self.shared = shared
        self.backend = HandPulledBackend()
        self.engine = Engine(self.backend, clock=lambda: stage.network.now_ms / 1000, run=at_once)
        self.library = scanned(folder, home)
        self.presenter = Presenter(
            shared,
            shared,
            self.engine,
            self.library,
            random.Random(3),
            lambda: stage.network.now_ms / 1000,
        )

    @property
    def titles(self) -> list[str]:
        return [row.title for row in self.presenter.view.rows]


class Stage:
    """Time, the network, and the devices."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        self.network = Network(home / "devices")
        self.players: list[Player] = []

    def player(self, id: str, name: str, folder: Path | None = None) -> Player:
        player = Player(self, Device(self.network, name), folder or self.folder, self.home / id)
        self.players.append(player)
        return player

    def reopened(self, player: Player, later_ms: int = 0) -> Player:
        """The app on the same device, killed and started again: what was on disk is there, nothing else."""
        player.shared.dies()
        self.network.now_ms += later_ms
        shared = Device(self.network, player.shared.name)
        again = Player(self, shared, player.library.folder, self.home / f"{player.shared.name}-again")
        self.players = [again if old is player else old for old in self.players]
        return again

    def let_pass(self, seconds: float) -> None:
        """Time goes by on all devices, sound is pulled, timers tick."""
        for _ in range(round(seconds * 1000 / 40)):
            for player in self.players:
                if player.backend.running:
                    player.backend.pull(BLOCK)
            self.network.clock.run(40)
            for player in self.players:
                player.presenter.tick()

    def hears(self) -> None:
        """What was done is known on the other devices."""
        self.let_pass(0.2)

    def close(self) -> None:
        for device in list(self.network.devices):
            device.client.close(0.0)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`Alba` (wav, 30 s), `Brio` (flac, 20 s), `Coda` (ogg, 10 s)."""
    place = tmp_path_factory.mktemp("music")
    for number, (name, seconds) in enumerate({"Alba.wav": 30, "Brio.flac": 20, "Coda.ogg": 10}.items()):
        write_sound(place / name, noise(seconds, seed=number), title=name.split(".")[0], artist="Trio")
    return place


@pytest.fixture
def stage(folder: Path, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(folder, tmp_path)
    yield made
    made.close()


@pytest.fixture
def phone(stage: Stage) -> Player:
    return stage.player("phone", "Pixel 8")


@pytest.fixture
def laptop(stage: Stage) -> Player:
    return stage.player("laptop", "Laptop")
