"""A film that goes on in another room: playhead, audio track, subtitles and volume, by commands on stdin.

    dalsegno emulator --port 8080 --rules firestore.rules                        # in one terminal
    export FIRESTORE_EMULATOR_HOST=127.0.0.1:8080                                # in two others
    python examples/film.py --device television
    python examples/film.py --device tablet

Commands: play, pause, seek 90, audio de, subs en, volume 0.4, status, quit. What is done on one device, the
others show. The playhead says where the film stood at some moment, and how fast it moved then: while it plays
nobody writes anything, and each device knows where it is.
"""

import argparse
import sys
from collections.abc import Callable

import dalsegno as ds


class Film(ds.State, schema="film/1"):
    playhead: ds.Playhead = ds.latest(ds.Playhead())
    audio: str = ds.latest("en")
    subs: str = ds.latest("off")
    volume: float = ds.latest(0.8)


# Each command makes the edit: a Film that names only what changes.


def play(film: Film, now_ms: int, _: str) -> Film:
    return Film(playhead=ds.Playhead.playing_from(film.playhead.position_at(now_ms), now_ms))


def pause(film: Film, now_ms: int, _: str) -> Film:
    return Film(playhead=film.playhead.paused_at(now_ms))


def seek(film: Film, now_ms: int, seconds: str) -> Film:
    return Film(playhead=ds.Playhead(float(seconds) * 1000, film.playhead.rate, now_ms))


def audio(film: Film, now_ms: int, language: str) -> Film:
    return Film(audio=language)


def subs(film: Film, now_ms: int, language: str) -> Film:
    return Film(subs=language)


def volume(film: Film, now_ms: int, loudness: str) -> Film:
    return Film(volume=min(1.0, max(0.0, float(loudness))))


COMMANDS: dict[str, Callable[[Film, int, str], Film]] = {
    command.__name__: command for command in (play, pause, seek, audio, subs, volume)
}


def shown(film: Film, now_ms: int) -> str:
    """`plays at 1:30, audio de, subs en, volume 0.4`"""
    minutes, seconds = divmod(int(film.playhead.position_at(now_ms) / 1000), 60)
    how = "plays at" if film.playhead.moving else "stands at"
    return f"{how} {minutes}:{seconds:02}, audio {film.audio}, subs {film.subs}, volume {film.volume:g}"


def main() -> None:
    parser = argparse.ArgumentParser(description="A film that goes on in another room.")
    parser.add_argument("--device", default="television", help="its name, and that of its local data")
    parser.add_argument("--user", default="alice", help="whose devices these are")
    options = parser.parse_args()
    user, device = ds.Unsigned(options.user), options.device  # on a project of yours: ds.EmailPassword(…)
    with ds.connect("demo-dalsegno", user=user, device=device, profile=device, app="film") as client:
        session = client.open("the-third-man", Film)

        def tell(change: ds.Change[Film]) -> None:
            if change.origin is ds.Origin.REMOTE:
                whose = change.device.name if change.device else "another device"
                print(f"{whose}: {shown(change.state, client.now_ms())}", flush=True)

        session.on_change(tell)
        print(shown(session.state, client.now_ms()), flush=True)
        for line in sys.stdin:
            name, _, argument = line.strip().partition(" ")
            if name == "quit":
                break
            try:
                if name in COMMANDS:  # anything else, such as status, only asks
                    session.update(COMMANDS[name](session.state, client.now_ms(), argument))
                print(shown(session.state, client.now_ms()), flush=True)
            except (ValueError, ds.UsageError) as error:  # "seek there", "volume nan"
                print(f"{name}: {error}", flush=True)


if __name__ == "__main__":
    main()
