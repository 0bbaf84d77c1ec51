#!/usr/bin/env python3
"""The cases of tools/bench/kernels_main.cc in PyTorch, in the same form of output:
case, threads, "torch", microseconds (the median of the rounds).

    kernels_torch.py [threads] [part of the names of the cases]
"""
import os
import statistics
import sys
import time

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
part = sys.argv[2] if len(sys.argv) > 2 else ""
os.environ["OMP_NUM_THREADS"] = str(threads)
import torch  # noqa: E402

torch.set_num_threads(threads)
torch.manual_seed(0)
ROUNDS, TURN = 15, 2e-3
MILLION = 1 << 20


def numbers(*shape):
    return torch.rand(*shape) * 2 - 1


def gemm(m, k, n, transpose_a=False, transpose_b=False):
    a = numbers(k, m).t() if transpose_a else numbers(m, k)
    b = numbers(n, k).t() if transpose_b else numbers(k, n)
    out = torch.empty(m, n)
    return lambda: torch.mm(a, b, out=out)


def unary(function):
    x, out = 3 * numbers(MILLION), torch.empty(MILLION)
    return lambda: function(x, out=out)


def add():
    x, y, out = numbers(MILLION), numbers(MILLION), torch.empty(MILLION)
    return lambda: torch.add(x, y, out=out)


def relu():
    x, out = numbers(MILLION), torch.empty(MILLION)
    return lambda: torch.clamp_min(x, 0, out=out)


def chain():
    x, y, z, out = numbers(MILLION), numbers(MILLION), numbers(MILLION), torch.empty(MILLION)
    return lambda: torch.tanh_(torch.addcmul(z, x, y, out=out))


def softmax():
    x = 4 * numbers(64, 10000)
    return lambda: torch.softmax(x, -1)


def layer_norm():
    x, scale, bias = numbers(1024, 512), numbers(512), numbers(512)
    return lambda: torch.nn.functional.layer_norm(x, (512,), scale, bias)


def cell():
    a, b, bias, c = numbers(64, 2048), numbers(64, 2048), numbers(2048), numbers(64, 512)

    def run():
        i, f, g, o = (a + b + bias).chunk(4, 1)
        new = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return new, torch.sigmoid(o) * torch.tanh(new)
    return run


def lstm():
    x, layer = numbers(20, 64, 512), torch.nn.LSTM(512, 512)
    return lambda: layer(x)[0]


CASES = {
    "gemm 512x512x512": lambda: gemm(512, 512, 512),
    "gemm 1024x1024x1024": lambda: gemm(1024, 1024, 1024),
    "gemm 2048x2048x2048": lambda: gemm(2048, 2048, 2048),
    "gemm 1x512x2048": lambda: gemm(1, 512, 2048),
    "gemm 8x512x2048": lambda: gemm(8, 512, 2048),
    "gemm 32x512x2048": lambda: gemm(32, 512, 2048),
    "gemm 64x512x2048": lambda: gemm(64, 512, 2048),
    "gemm 128x512x2048": lambda: gemm(128, 512, 2048),
    "gemm 1x512x10000": lambda: gemm(1, 512, 10000),
    "gemm 64x512x10000": lambda: gemm(64, 512, 10000),
    "gemm dW 512x1280x2048": lambda: gemm(512, 1280, 2048, transpose_a=True),
    "gemm dX 1280x2048x512": lambda: gemm(1280, 2048, 512, transpose_b=True),
    "add 1M": add,
    "relu 1M": relu,
    "tanh 1M": lambda: unary(torch.tanh),
    "sigmoid 1M": lambda: unary(torch.sigmoid),
    "exp 1M": lambda: unary(torch.exp),
    "chain 1M": chain,
    "softmax 64x10000": softmax,
    "layernorm 1024x512": layer_norm,
    "cell 64x512": cell,
    "lstm 20x64x512": lstm,
}


def seconds(run, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


# The layer as it is trained; all else as fast as it goes.
for name, make in CASES.items():
    if part not in name:
        continue
    with torch.set_grad_enabled(name.startswith("lstm")):
        run = make()
        run()
        repeats = min(1000, max(1, int(TURN / seconds(run, 1))))
        rounds = [seconds(run, repeats) for _ in range(ROUNDS)]
    print(f"{name}\t{threads}\ttorch\t{statistics.median(rounds) * 1e6:.2f}", flush=True)
