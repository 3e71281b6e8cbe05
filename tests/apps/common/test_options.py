"""Whether an app has a sign-in is told by its command line, or by the environment of the Firebase tools."""

from __future__ import annotations

import pytest

from apps.common.options import AUTH_EMULATOR_VARIABLE, parse


@pytest.mark.parametrize(
    ("arguments", "environment", "signs_in", "user"),
    [
        ([], False, False, "alice"),
        (["--user", "bob"], False, False, "bob"),
        (["--user", "bob"], True, False, "bob"),
        ([], True, True, "alice"),
        (["--api-key", "AIza"], False, True, "alice"),
        (["--auth-emulator", "127.0.0.1:9099"], False, True, "alice"),
    ],
)
def test_who_signs_in(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], environment: bool, signs_in: bool, user: str
) -> None:
    """An API key or an Auth emulator mean a sign-in; a user named by hand means none."""
    monkeypatch.delenv(AUTH_EMULATOR_VARIABLE, raising=False)
    if environment:
        monkeypatch.setenv(AUTH_EMULATOR_VARIABLE, "127.0.0.1:9099")
    options = parse("reader", "", arguments)
    assert (signs_in, user) == (options.signs_in, options.user)


def test_a_user_by_hand_and_a_sign_in_do_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    """Both at once is refused with a sentence that says what to leave out."""
    with pytest.raises(SystemExit):
        parse("reader", "", ["--user", "bob", "--api-key", "AIza"])
    assert "leave it out" in capsys.readouterr().err
