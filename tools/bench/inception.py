#!/usr/bin/env python3
"""Inception-v1 beside the forms of torch and ONNX Runtime, taken in turns, as a table in Markdown: the ratio is the time
of the best peer of the same precision over ours.

    tools/bench/inception.py --python a/python/with/torch/and/onnxruntime [--modes infer,train] [--batches 1,16] ...
"""
import argparse
import os
import statistics
import subprocess

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build")
parser.add_argument("--python", required=True)
parser.add_argument("--modes", default="infer,train")
parser.add_argument("--precisions", default="f32,bf16")
parser.add_argument("--batches", default="1,16", help="of inference; a training step has 16 photos")
parser.add_argument("--threads", default="1,2", help="of inference; a training step runs on 2")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", default="2")
args = parser.parse_args()

PEERS = {("infer", "f32"): ["eager", "frozen", "blocked", "compiled", "onnx"],
         ("infer", "bf16"): ["eager", "frozen", "compiled"],
         ("infer", "int8"): ["onnx"],
         ("train", "f32"): ["eager", "compiled"],
         ("train", "bf16"): ["eager", "compiled"]}
folder = os.path.dirname(os.path.abspath(__file__))


def measure(command):
    """The fields of its line; none where a peer has no such form."""
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return dict(field.split("=") for field in output.split() if "=" in field)


def compare(mode, precision, batch, threads):
    common = ["--mode", mode, "--batch", batch, "--threads", threads, "--seconds", args.seconds, "--dtype", precision]
    forms = {"ours": [os.path.join(args.build, "bin", "inception"), *common]}
    for form in PEERS[mode, precision]:
        forms[form] = [args.python, os.path.join(folder, "inception_torch.py"), *common, "--form", form]
    times, memory = {}, {}
    for _ in range(args.rounds):
        for form, command in forms.items():
            fields = measure(command)
            if "median_ms" in fields:
                times.setdefault(form, []).append(float(fields["median_ms"]))
                memory.setdefault(form, []).append(float(fields["peak_rss_mb"]))
    times, memory = ({form: statistics.median(v) for form, v in d.items()} for d in (times, memory))
    ours = times.pop("ours")
    peers = ", ".join(f"{form} {ms:.1f} ({memory[form]:.0f})" for form, ms in sorted(times.items(), key=lambda p: p[1]))
    ratio = f"{min(times.values()) / ours:.2f}" if times else "-"
    print(f"| {mode} | {precision} | {batch} | {threads} | {ours:.1f} ({memory['ours']:.0f}) | {peers} | {ratio} |",
          flush=True)


print("| what | type | batch | threads | ours, ms (MB) | peers, ms (MB) | best peer / ours |\n|---|---|---|---|---|---|---|")
for mode in args.modes.split(","):
    for precision in args.precisions.split(","):
        if mode == "train":
            compare(mode, precision, "16", "2")
            continue
        for batch in args.batches.split(","):
            for threads in args.threads.split(","):
                compare(mode, precision, batch, threads)
