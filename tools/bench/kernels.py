#!/usr/bin/env python3
"""Times of single kernels beside those of oneDNN, Eigen and torch, taken in turns, as a table in
Markdown. The last column is the best peer's time over ours: above 1 we are faster.

    kernels.py [--build build] [--python a/python/with/torch] [--threads 1,2] [--rounds 3] [part]
"""
import argparse
import collections
import os
import statistics
import subprocess

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("part", nargs="?", default="", help="only cases whose names have this in them")
parser.add_argument("--build", default="build")
parser.add_argument("--python", default="", help="an interpreter that has torch; without: no torch")
parser.add_argument("--threads", default="1,2")
parser.add_argument("--rounds", type=int, default=3)
args = parser.parse_args()

folder = os.path.dirname(os.path.abspath(__file__))
programs = [[os.path.join(args.build, "bin", "kernels")]]
if args.python:
    programs.append([args.python, os.path.join(folder, "kernels_torch.py")])

# times[case][threads][contender]: one a round.
times = collections.defaultdict(lambda: collections.defaultdict(lambda: collections.defaultdict(list)))
threads = args.threads.split(",")
for _ in range(args.rounds):
    for t in threads:
        for program in programs:
            output = subprocess.run(program + [t, args.part], check=True, stdout=subprocess.PIPE, text=True).stdout
            for line in output.splitlines():
                case, count, contender, microseconds = line.split("\t")
                times[case][count][contender].append(float(microseconds))

print("| case | T | ours, us | peers, us | best peer / ours |\n|---|---|---|---|---|")
for case, by_threads in times.items():
    for t, contenders in by_threads.items():
        medians = {name: statistics.median(values) for name, values in contenders.items()}
        ours = medians.pop("vivarium")
        best = min(medians.values())
        peers = ", ".join(f"{name} {value:.0f}" for name, value in sorted(medians.items(), key=lambda p: p[1]))
        print(f"| {case} | {t} | {ours:.0f} | {peers} | {best / ours:.2f} |")
