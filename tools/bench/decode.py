#!/usr/bin/env python3
"""Greedy decoding with the 2 x 512 LSTM translator beside torch in all its forms (32 bits, bfloat16, 8 bits; LSTM
layers or cells; compiled), taken in turns, as a table in Markdown.

    tools/bench/decode.py --python a/python/with/torch [--batches 1,32] [--rounds 3]
"""
import argparse
import os
import statistics
import subprocess

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default="build")
parser.add_argument("--python", required=True)
parser.add_argument("--batches", default="1,32")
parser.add_argument("--threads", default="2")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--seconds", default="2")
args = parser.parse_args()

folder = os.path.dirname(os.path.abspath(__file__))


def ours(batch, precision):
    return [os.path.join(args.build, "bin", "decode"), args.threads, batch, args.seconds, "--precision", precision]


def torch(batch, dtype, *flags):
    return [args.python, os.path.join(folder, "seq2seq_torch.py"), "--mode", "decode", "--threads", args.threads,
            "--batch", batch, "--seconds", args.seconds, "--dtype", dtype, "--blas", "default", *flags]


print("| batch | form | ms | tokens/s |\n|---|---|---|---|")
for batch in args.batches.split(","):
    forms = {f"ours, {p}": ours(batch, p) for p in ("f32", "bf16", "int8")}
    for dtype in ("f32", "bf16"):
        forms[f"torch, {dtype}"] = torch(batch, dtype)
        forms[f"torch, {dtype}, cells"] = torch(batch, dtype, "--cells")
        forms[f"torch, {dtype}, cells, compiled"] = torch(batch, dtype, "--cells", "--compile")
    forms["torch, int8"] = torch(batch, "int8")
    times = {}
    for _ in range(args.rounds):
        for form, command in forms.items():
            output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
            fields = dict(f.split("=") for f in output.split() if "=" in f)
            # A form that this torch does not have.
            if "median_ms" in fields:
                times.setdefault(form, []).append(float(fields["median_ms"]))
    medians = {form: statistics.median(values) for form, values in times.items()}
    for form, ms in medians.items():
        print(f"| {batch} | {form} | {ms:.1f} | {int(batch) * 20 / ms * 1e3:.0f} |")
    best = min(ms for form, ms in medians.items() if form.startswith("torch"))
    ratios = ", ".join(f"{form[6:]} {best / ms:.2f}" for form, ms in medians.items() if form.startswith("ours"))
    print(f"\nbatch {batch}: the time of the best of torch over ours: {ratios}\n")
