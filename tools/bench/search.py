#!/usr/bin/env python3
"""What search_photos takes for a folder of photos: to look at them all, to see that nothing has changed, and to answer,
each as a whole program.

    tools/bench/search.py FOLDER [--queries 20]
"""
import argparse
import os
import statistics
import subprocess
import tempfile
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder")
parser.add_argument("--build", default="build")
parser.add_argument("--queries", type=int, default=20)
args = parser.parse_args()
WORDS = ["dog", "dog in the snow", "children playing", "church", "a man on a bike", "water", "red car", "beach"]


def seconds(*arguments):
    begin = time.perf_counter()
    subprocess.run([os.path.join(args.build, "bin", "search_photos"), *arguments], check=True, stdout=subprocess.PIPE,
                   stderr=subprocess.PIPE)
    return time.perf_counter() - begin


with tempfile.TemporaryDirectory() as directory:
    index = "--index=" + os.path.join(directory, "photos.index")
    photo = next(os.path.join(folder, name) for folder, _, names in os.walk(args.folder) for name in sorted(names)
                 if name.lower().endswith((".jpg", ".jpeg")))
    print(f"index, all new: {seconds('index', args.folder, index):.1f} s")
    print(f"index, nothing new: {1e3 * seconds('index', args.folder, index):.0f} ms")
    for what, ask in (("in words", lambda i: [WORDS[i % len(WORDS)]]), ("--like", lambda i: ["--like", photo])):
        times = sorted(seconds(*ask(i), index) for i in range(args.queries))
        print(f"query {what}: median {1e3 * statistics.median(times):.0f} ms, longest {1e3 * times[-1]:.0f} ms")
