#!/usr/bin/env python3
"""From a folder of JPEG files to labels: classify_image as a whole program beside torch and Pillow with the same net, by
turns, as a table in Markdown. The peer's time leaves out what it takes to load torch.

    tools/bench/folder.py --python a/python/with/torch/and/pillow FOLDER
"""
import argparse
import json
import os
import statistics
import subprocess
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder")
parser.add_argument("--build", default="build")
parser.add_argument("--python", required=True)
parser.add_argument("--model", default="pretrained/inception_photos")
parser.add_argument("--rounds", type=int, default=3)
args = parser.parse_args()

with open(os.path.join(args.model, "bundle.json"), encoding="utf-8") as f:
    net = json.loads(json.load(f)["settings"]["net"])
here = os.path.dirname(os.path.abspath(__file__))


def ours():
    begin = time.perf_counter()
    output = subprocess.run([os.path.join(args.build, "bin", "classify_image"), "--model", args.model, "--json", args.folder],
                            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return output.count("\n") / (time.perf_counter() - begin)


def peer(form, workers):
    output = subprocess.run(
        [args.python, os.path.join(here, "inception_torch.py"), "--mode", "folder", "--photos", args.folder, "--form", form,
         "--workers", str(workers), "--size", str(net["input_size"]), "--classes", str(net["classes"]), "--batch", "32"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return float(dict(field.split("=") for field in output.split() if "=" in field)["images_per_s"])


forms = {"classify_image": ours}
for form in ("eager", "frozen"):
    for workers in (0, 2):
        forms[f"torch, {form}, {workers} workers"] = lambda form=form, workers=workers: peer(form, workers)
rates = {name: [] for name in forms}
for _ in range(args.rounds):
    for name, run in forms.items():
        rates[name].append(run())
medians = {name: statistics.median(values) for name, values in rates.items()}
mine = medians.pop("classify_image")
print("| what | photos/s |\n|---|---|")
print(f"| classify_image | {mine:.0f} |")
for name, rate in sorted(medians.items(), key=lambda item: -item[1]):
    print(f"| {name} | {rate:.0f} |")
print(f"\nours over the best of the others: {mine / max(medians.values()):.2f}")
