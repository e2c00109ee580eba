"""``cosbox clock``: time travel for a store."""

import re
from datetime import UTC, datetime, timedelta

import pytest

import cosbox
from cosbox.cli.main import main

BUCKET = "clock-1250000000"


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "store"
    cosbox.open(path).close()
    return path


def told(capsys):
    """The moment that was printed, and the rest of the line."""
    text, rest = re.fullmatch(r"(\S+) (.*)\n", capsys.readouterr().out).groups()
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC), rest


def test_moves_add_up_and_are_undone(store, capsys):
    steps = [
        ([], timedelta(0), "(the machine's clock)"),
        (["--move", "5h"], timedelta(hours=5), "(5:00:00 ahead of the machine's clock)"),
        (["--move", "2d"], timedelta(days=2, hours=5), "(2 days, 5:00:00 ahead of"),
        (["--move", "-30m"], timedelta(days=2, hours=4, minutes=30), "(2 days, 4:30:00 ahead of"),
        (
            ["--move=-3d"],
            timedelta(hours=-19, minutes=-30),
            "(19:30:00 behind the machine's clock)",
        ),
        (["--reset"], timedelta(0), "(the machine's clock)"),
    ]
    for options, offset, text in steps:
        assert main(["clock", str(store), *options]) == 0
        moment, rest = told(capsys)
        assert abs(moment - datetime.now(UTC) - offset) < timedelta(minutes=1)
        assert rest.startswith(text)


def test_a_store_that_is_opened_goes_by_it(store):
    main(["clock", str(store), "--move", "40d"])
    with cosbox.open(store) as client:
        client.create_bucket(BUCKET)
        [bucket] = client.list_buckets()["Buckets"]["Bucket"]
    made = datetime.fromisoformat(bucket["CreationDate"])
    assert timedelta(days=39) < made - datetime.now(UTC) < timedelta(days=41)


@pytest.mark.parametrize("span", ["5", "h", "1w", "1.5h", "--5h", "9999999h", "5h3m", "٣h"])
def test_what_is_no_span(store, span, capsys):
    with pytest.raises(SystemExit) as end:
        main(["clock", str(store), f"--move={span}"])
    assert end.value.code == 2
    assert "is no span" in capsys.readouterr().err


def test_where_there_is_no_store(tmp_path, capsys):
    assert main(["clock", str(tmp_path / "nothing"), "--move", "1h"]) == 1
    assert "cannot tell or set the clock" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()
