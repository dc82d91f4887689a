"""Plot the gap asked for and the gap seen: `python plot_curves.py CURVES.npz OUT.png START END` (seconds).

Runs in the environment of `make lips`, which has matplotlib.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

RATE = 30000 / 1001


def main(curves: Path, out: Path, start: float, end: float) -> None:
    """Draw one picture; both curves are brought to the same mean and spread."""
    with np.load(curves) as arrays:
        asked, seen, rest = arrays["asked"], arrays["gap"], float(np.median(arrays["silent_gap"]))
    slope, offset = np.polyfit(asked, seen, 1)
    at = (np.arange(len(asked)) + 0.5) / RATE
    part = (at >= start) & (at < end)
    figure, axes = plt.subplots(figsize=(9, 2.4), dpi=80)
    axes.plot(at[part], (asked * slope + offset)[part], color="#999999", linewidth=1.6, label="asked for by the sounds")
    axes.plot(at[part], seen[part], color="#0b5394", linewidth=1.2, label="seen by FaceMesh")
    axes.axhline(rest, color="#cc0000", linewidth=0.6, linestyle=":", label="mouth at rest")
    axes.set_xlabel("s")
    axes.set_ylabel("gap / eyes")
    axes.set_xlim(start, end)
    axes.legend(loc="upper right", fontsize=7, ncols=3)
    figure.tight_layout()
    figure.savefig(out, metadata={"Software": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
