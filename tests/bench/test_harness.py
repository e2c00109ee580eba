"""The benchmarks' arithmetic, and one tiny scenario with a real process on each side."""

import http.client
import json
from contextlib import ExitStack

import pytest
from benchmarks import client, counting, report, run
from benchmarks.harness import Absent, Bench, Comparison, Contestant, Measured, Target
from benchmarks.peers.clients import Cosbox

from cosbox.checksums import crc64


def steps(*walls, done=10):
    """Work whose rounds take these seconds; the first does not count."""
    left = list(walls)
    return lambda: Measured(done, left.pop(0), 0.5)


@pytest.fixture
def bench(tmp_path):
    with ExitStack() as stack:
        yield Bench(tmp_path, stack, tmp_path / "big")


def test_medians_ratios_and_verdicts():
    result = Comparison(
        "work",
        "things",
        [
            Contestant("ours", steps(9, 1, 2, 4)),
            Contestant("theirs", steps(9, 8, 8, 4), "slow"),
        ],
        targets=[
            Target(of="ours", measure="rate", against="theirs", at_least=4),
            Target(of="ours", measure="rate", against="theirs", at_least=4.1),
            Target(of="ours", measure="cpu", against="theirs", at_most=0.9),
            Target(of="ours", measure="ms", at_most=200),
        ],
        rounds=3,
    ).run()
    ours, theirs = result.rows
    assert (ours.rate, ours.lowest, ours.highest) == (5, 2.5, 10)
    assert theirs.rate == 1.25
    assert ours.cpu == 50_000
    assert (ours.ratio(result.rows, "ours"), theirs.ratio(result.rows, "ours")) == (None, 4)
    assert [verdict.met for verdict in result.verdicts] == [True, False, False, True]
    assert [verdict.value for verdict in result.verdicts] == [4, 4, 1, 200]
    text = report.table(result)
    assert "×4.00" in text
    assert "target ours: rate ≥ 4.1 × that of theirs: 4, MISSED" in text


def test_rounds_are_interleaved():
    turns = []

    def taking(name):
        return Contestant(name, lambda: turns.append(name) or Measured(1, 1, 1))

    Comparison("work", "things", [taking("a"), taking("b")], rounds=2).run()
    assert turns == ["a", "b", "a", "b", "a", "b"]


def test_who_does_not_run_is_named_with_the_reason():
    def fails():
        raise RuntimeError("no such call")

    result = Comparison(
        "work",
        "things",
        [Contestant("ours", fails), Contestant("theirs", steps(1, 1))],
        absent=[Absent("another", "not installed")],
        targets=[Target(of="ours", measure="rate", against="theirs", at_least=4)],
        rounds=1,
    ).run()
    assert [row.name for row in result.rows] == ["theirs"]
    assert result.absent == (
        Absent("another", "not installed"),
        Absent("ours", "failed: no such call"),
    )
    assert [(verdict.value, verdict.met) for verdict in result.verdicts] == [(None, False)]
    for text in (report.table(result), report.markdown({"system": "here"}, [result])):
        assert "not installed" in text
        assert "not measured" in text


def test_a_client_in_its_process_against_the_counting_server(bench, tmp_path):
    port = counting.start(bench, keys=3)
    ours = client.Client(bench, Cosbox, port)
    for work in (("put_get", 0.02), ("page", 0.02), ("put_at_once", 70)):
        measured = ours.ask(*work)
        assert measured.done > 0
        assert measured.wall > 0
    file = tmp_path / "file"
    file.write_bytes(bytes(23 * 1024 * 1024 + 1))
    up = ours.ask("upload", f"zeros/{file.stat().st_size}", str(file))
    assert up.done == pytest.approx(23, abs=0.001)
    assert up.memory > 1


def test_the_counting_server_speaks_http(bench):
    """Bodies of a known length and in chunks, ranges, and the checksums of zeros."""
    connection = http.client.HTTPConnection("127.0.0.1", counting.start(bench), timeout=10)

    def ask(*request, **options):
        connection.request(*request, **options)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    large = 3 * 1024 * 1024 + 1
    for body in (bytes(large), iter([bytes(large - 9), bytes(9)])):
        _, headers, _ = ask("PUT", "/bench/a", body)
        assert int(headers["x-cos-hash-crc64ecma"]) == crc64(bytes(large))
    status, headers, body = ask("GET", "/zeros/5000000", headers={"Range": "bytes=10-4999999"})
    assert (status, headers["Content-Range"]) == (206, "bytes 10-4999999/5000000")
    assert body == bytes(4_999_990)
    assert ask("HEAD", "/zeros/5000000")[1]["Content-Length"] == "5000000"
    assert b"<UploadId>" in ask("POST", "/a?uploads")[2]
    connection.close()


def test_a_run_is_kept(tmp_path):
    contestants = [Contestant("ours", steps(1, 1)), Contestant("theirs", steps(1, 1))]
    result = Comparison("work", "things", contestants, rounds=1).run()
    run.keep({"system": "here"}, [result], tmp_path / "now")
    known = json.loads((tmp_path / "now" / "results.json").read_text())
    assert known["results"][0]["rows"][0]["name"] == "ours"
    assert "work" in (tmp_path / "now" / "table.txt").read_text()


def test_a_page_keeps_what_stands_above_its_tables(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nWords.\n\n## The machine\n\nold\n")
    result = Comparison("work", "things", [Contestant("ours", steps(1, 1))], rounds=1).run()
    run.publish({"system": "here"}, [result], page)
    text = page.read_text()
    assert text.startswith("# Title\n\nWords.\n\n## The machine\n")
    assert "| system | here |" in text
    assert "old" not in text
    assert "### Work" in text


def test_an_unknown_name(capsys):
    assert run.main(["nonsense"]) == 2
    assert "no such scenario: nonsense" in capsys.readouterr().out
