"""Two million rows are read and looked at within a gigabyte and three minutes."""

import subprocess
import sys

import numpy as np
import pytest

READ_AND_LOOK = """
import sys, time
from benchmarks.memory import peak_megabytes
from helpers.own_data.look import look
from helpers.own_data.read_file import read_file

start = time.process_time()
data = read_file(sys.argv[1])
seen = look(data, "who", ["y", "x", "arm"], time="day")
print(len(data), len(seen.sizes), seen.columns["missing"].sum(), sep=",")
print(peak_megabytes(), time.process_time() - start, sep=",")
"""
ROWS, PIECE, PEOPLE = 2_000_000, 100_000, 20_000


def write(path, separator, decimal):
    """All that makes it dear: labels in words, each name of a row its own, decimals, gaps."""
    rng = np.random.default_rng(1)
    numbers = [f"{y:.5f}{separator}{x:.4f}" for y, x in rng.normal(size=(PIECE, 2))]
    piece = [row.replace(".", decimal) for row in numbers]
    piece[::100] = [f"{separator}{row.split(separator)[1]}" for row in piece[::100]]
    with path.open("w", encoding="utf-8") as file:
        print("note", "who", "day", "arm", "y", "x", sep=separator, file=file)
        for i in range(ROWS):
            label = f"n{i}{separator}P{i % PEOPLE}{separator}{i // PEOPLE}"
            file.write(f"{label}{separator}{'ab'[i % 2]}{separator}{piece[i % PIECE]}\n")


@pytest.mark.weekly
@pytest.mark.parametrize("separator, decimal", [(",", "."), (";", ",")])
def test_two_million_rows(tmp_path, separator, decimal):
    write(tmp_path / "a.csv", separator, decimal)
    run = [sys.executable, "-c", READ_AND_LOOK, str(tmp_path / "a.csv")]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    counts, took = said.splitlines()
    assert counts == f"{ROWS},{PEOPLE},{ROWS / 100}"
    megabytes, seconds = map(float, took.split(","))
    print(f"{megabytes:.0f} MB, {seconds:.0f} s")
    assert megabytes < 1000 and seconds < 180
