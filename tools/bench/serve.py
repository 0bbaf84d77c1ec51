#!/usr/bin/env python3
"""Latency of translate_serve on this machine: one client; 50 clients that never pause (saturation); 50 clients whose
pauses bring 70 % of that rate; the same while the model is replaced again and again. Needs wrk.

    tools/bench/serve.py SOURCE [--seconds 10] [--flags "--precision int8"]

SOURCE: sentences, one a line. Clients and server share the cores.
"""
import argparse
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source")
parser.add_argument("--build", default=str(ROOT / "build"))
parser.add_argument("--bundle", default=str(ROOT / "pretrained/translate_en_fr"))
parser.add_argument("--seconds", type=int, default=10)
parser.add_argument("--clients", type=int, default=50)
parser.add_argument("--flags", default="", help="further flags of translate_serve")
args = parser.parse_args()

SCRIPT = """
local bodies = {%s}
local pause = %f
local i = 0
math.randomseed(%d)
function delay() if pause <= 0 then return 0 end return math.floor(-math.log(1 - math.random()) * pause + 0.5) end
function request()
  i = i + 1
  return wrk.format("POST", "/translate", {["Content-Type"] = "application/json"}, bodies[i %% #bodies + 1])
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"rate": %%f, "p50": %%f, "p99": %%f, "errors": %%d}\\n', summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def measure(folder, url, clients, pause):
    sentences = open(args.source, encoding="utf-8").read().splitlines()[:500]
    bodies = [quoted(json.dumps({"q": s, "source": "en", "target": "fr"})) for s in sentences]
    script = os.path.join(folder, "wrk.lua")
    with open(script, "w", encoding="utf-8") as file:
        file.write(SCRIPT % (",".join(bodies), pause, 1))
    output = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{args.seconds}s", "-s", script, url], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def replace_again_and_again(models, stop):
    """Another bundle under the same name every 2 seconds: its card, and with that its checksums, differ."""
    live, count = os.path.join(models, "translate_en_fr"), 0
    while not stop.wait(2):
        count += 1
        fresh, old = live + f".new{count}", live + f".old{count}"
        shutil.copytree(args.bundle, fresh)
        description = os.path.join(fresh, "bundle.json")
        text = open(description, encoding="utf-8").read()
        with open(description, "w", encoding="utf-8") as file:
            file.write(text.rstrip() + " " * count + "\n")
        os.rename(live, old)
        os.rename(fresh, live)
        shutil.rmtree(old)
    return count


def main():
    with tempfile.TemporaryDirectory() as folder:
        models = os.path.join(folder, "pretrained")
        shutil.copytree(args.bundle, os.path.join(models, "translate_en_fr"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        server = subprocess.Popen([f"{args.build}/bin/translate_serve", "--port", str(port), *args.flags.split()],
                                  env={**os.environ, "VIVARIUM_PRETRAINED": models}, stderr=subprocess.DEVNULL)
        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"{url}/v2/health/ready", timeout=1)
                    break
                except OSError:
                    time.sleep(0.05)
            measure(folder, url, 4, 0)  # plans of all shapes
            rows = {"1 client": measure(folder, url, 1, 0)}
            full = rows[f"{args.clients} clients, saturated"] = measure(folder, url, args.clients, 0)
            # The pause that makes the clients ask for 70 %; what they wait for an answer is part of it.
            pause, name = args.clients / (0.7 * full["rate"]) * 1e3, f"{args.clients} clients, 70 %"
            rows[name] = measure(folder, url, args.clients, pause - rows["1 client"]["p50"] * 2)
            stop = threading.Event()
            replacing = threading.Thread(target=replace_again_and_again, args=(models, stop))
            replacing.start()
            rows[name + ", reloading"] = measure(folder, url, args.clients, pause - rows["1 client"]["p50"] * 2)
            stop.set()
            replacing.join()
            metrics = urllib.request.urlopen(f"{url}/metrics").read().decode()
        finally:
            server.terminate()
            server.wait()
    print("| load | requests/s | p50, ms | p99, ms | errors |\n|---|---|---|---|---|")
    for load, row in rows.items():
        print(f"| {load} | {row['rate']:.0f} | {row['p50']:.1f} | {row['p99']:.1f} | {row['errors']} |")
    one, busy, reloading = rows["1 client"], rows[name], rows[name + ", reloading"]
    loads = [line for line in metrics.splitlines() if line.startswith("vivarium_model_loads_total")]
    print(f"p99 at 70 % over one client's p50: {busy['p99'] / one['p50']:.1f}, over its p99: "
          f"{busy['p99'] / one['p99']:.1f}; reloading: {reloading['p99'] / busy['p99']:.2f} times ({'; '.join(loads)})")


main()
