#!/usr/bin/env python3
"""How good a translator is, by independent scorers: sacreBLEU's BLEU and chrF, and whether its confidences mean
what they say (event: sentence chrF at least 60).

    tools/bench/translate_quality.py SOURCE TARGET [TRANSLATE FLAGS...]

SOURCE and TARGET are line-aligned files, packed or not. Needs sacrebleu (pip install sacrebleu).
"""
import gzip
import json
import pathlib
import random
import subprocess
import sys
import time

import sacrebleu

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "build/bin/translate"


def lines(path):
    opened = gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8")
    with opened as file:
        return file.read().rstrip("\n").split("\n")


def calibration_error(judged, bins=10):
    """The mean distance between confidence and rate in bins of equal mass; judged: (confidence, happened)."""
    judged, n = sorted(judged), len(judged)
    parts = [judged[i * n // bins:(i + 1) * n // bins] for i in range(bins)]
    return sum(abs(sum(c for c, _ in part) - sum(h for _, h in part)) for part in parts) / n


def auroc(judged):
    good = [c for c, happened in judged if happened]
    bad = [c for c, happened in judged if not happened]
    wins = sum((a > b) + 0.5 * (a == b) for a in good for b in bad)
    return wins / (len(good) * len(bad))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sources, references = lines(sys.argv[1]), lines(sys.argv[2])
    begin = time.monotonic()
    done = subprocess.run([PROGRAM, "--json", *sys.argv[3:]], input="\n".join(sources) + "\n", text=True,
                          stdout=subprocess.PIPE, check=True)
    seconds = time.monotonic() - begin
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    translations = [row.get("translation", "") for row in rows]
    for metric in (sacrebleu.BLEU(), sacrebleu.CHRF()):
        print(metric.corpus_score(translations, [references]), metric.get_signature())
    words = sum(len(source.split()) for source in sources)
    print(f"{len(rows)} sentences in {seconds:.1f} s: {words / seconds:.0f} source words/s, the whole program")
    if not all("confidence" in row for row in rows):
        print("the bundle gives no confidences")
        return
    judged = [(row["confidence"], sacrebleu.sentence_chrf(row["translation"], [reference]).score >= 60)
              for row, reference in zip(rows, references)]
    base = sum(happened for _, happened in judged) / len(judged)
    brier = sum((confidence - happened) ** 2 for confidence, happened in judged) / len(judged)
    draw = random.Random(1)
    resampled = sorted(calibration_error(draw.choices(judged, k=len(judged))) for _ in range(1000))
    print(f"confidence: base rate {base:.3f}, ECE {calibration_error(judged):.3f} "
          f"(95 %: {resampled[25]:.3f} to {resampled[975]:.3f}), AUROC {auroc(judged):.3f}, "
          f"Brier skill {1 - brier / (base * (1 - base)):.3f}")


main()
