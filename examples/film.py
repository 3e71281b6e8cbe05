"""A film that goes on in another room: playhead, audio track, subtitles and volume, by commands on stdin.

    dalsegno emulator --port 8080 --rules firestore.rules                        # in one terminal
    export FIRESTORE_EMULATOR_HOST=127.0.0.1:8080                                # in two others
    python examples/film.py --device television
    python examples/film.py --device tablet

Commands: play, pause, seek 90, audio de, subs en, volume 0.4, status, quit. What is done on one device, the
others show. The playhead is held: `play` takes it over, and the other device stops. It says where the film
stood at some moment, and how fast it moved then: while it plays each device knows where it is.
"""

import argparse
import sys

import dalsegno as ds


class Film(ds.State, schema="film/1"):
    playhead: ds.Playhead = ds.held(ds.Playhead())
    audio: str = ds.latest("en")
    subs: str = ds.latest("off")
    volume: float = ds.latest(0.8)


Session = ds.Session[Film]


def play(film: Session, now_ms: int, _: str) -> None:
    """Here, from where it was last seen; whichever device showed it until now stops."""
    film.take_over(playhead=ds.Playhead.playing_from(film.settled.playhead.position, now_ms))


def pause(film: Session, now_ms: int, _: str) -> None:
    film.update(playhead=ds.Playhead.paused_from(film.settled.playhead.position, now_ms))


def seek(film: Session, now_ms: int, seconds: str) -> None:
    film.update(playhead=ds.Playhead(float(seconds) * 1000, film.state.playhead.rate, now_ms))


def audio(film: Session, now_ms: int, language: str) -> None:
    film.update(audio=language)


def subs(film: Session, now_ms: int, language: str) -> None:
    film.update(subs=language)


def volume(film: Session, now_ms: int, loudness: str) -> None:
    film.update(volume=min(1.0, max(0.0, float(loudness))))


COMMANDS = {command.__name__: command for command in (play, pause, seek, audio, subs, volume)}


def shown(session: Session) -> str:
    """`plays on tablet at 1:30, audio de, subs en, volume 0.4`"""
    film, holder = session.settled, session.holder
    minutes, seconds = divmod(int(film.playhead.position / 1000), 60)
    plays = (
        f"plays {'here' if holder.here else f'on {holder.device.name}'}"
        if holder and holder.active
        else "stands"
    )
    return f"{plays} at {minutes}:{seconds:02}, audio {film.audio}, subs {film.subs}, volume {film.volume:g}"


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
                print(f"{whose}: {shown(session)}", flush=True)

        session.on_change(tell)
        print(shown(session), flush=True)
        for line in sys.stdin:
            name, _, argument = line.strip().partition(" ")
            if name == "quit":
                break
            try:
                if name in COMMANDS:  # anything else, such as status, only asks
                    COMMANDS[name](session, client.now_ms(), argument)
                print(shown(session), flush=True)
            except (ValueError, ds.UsageError) as error:  # "seek there", "volume nan"
                print(f"{name}: {error}", flush=True)


if __name__ == "__main__":
    main()
