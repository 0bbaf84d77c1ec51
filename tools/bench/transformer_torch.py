#!/usr/bin/env python3
"""The Transformer of models/language/transformer.h in PyTorch: the time of a training step, and what it computes.

Pre-norm layers, sinusoidal positions, one embedding table for source, target and output. Attention is
scaled_dot_product_attention with the projections of one input packed into one product: PyTorch's fastest form.

    transformer_torch.py [--dtype bf16] [--compile]   times a step: forward, cross entropy, backward, clip, Adam
    transformer_torch.py --compare FILE               compares log probabilities with those that
                                                      build/bin/transformer_step --dump FILE wrote
Prints, for a step:
    train T=<threads> B=<batch> dtype=<f32|bf16> median_ms=<x> best_ms=<y> tokens_per_s=<z> peak_rss_mb=<r>
"""
import argparse
import json
import os
import resource
import statistics
import struct
import sys
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--compare", metavar="FILE")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--dtype", choices=["f32", "bf16"], default="f32")
parser.add_argument("--compile", action="store_true", help="with torch.compile")
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--length", type=int, default=20)
parser.add_argument("--seconds", type=float, default=10)
args = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(args.threads)
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

VOCAB, WIDTH, HEADS, FEED, LAYERS, PAD, DROPOUT = 6000, 256, 4, 512, 3, 3, 0.3


class Attention(nn.Module):
    def __init__(self, own):
        super().__init__()
        self.own = own                                     # queries come from what is attended to
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key_value = nn.Linear(WIDTH, 2 * WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)

    def forward(self, x, memory, mask=None, causal=False):  # [B, T, W], [B, S, W]
        if self.own:
            weight = torch.cat([self.query.weight, self.key_value.weight])
            bias = torch.cat([self.query.bias, self.key_value.bias])
            q, k, v = F.linear(x, weight, bias).chunk(3, -1)
        else:
            q, (k, v) = self.query(x), self.key_value(memory).chunk(2, -1)
        q, k, v = (y.unflatten(-1, (HEADS, -1)).transpose(1, 2) for y in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal)
        return self.output(y.transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self, decoder):
        super().__init__()
        self.self_norm, self.self_attention = nn.LayerNorm(WIDTH), Attention(True)
        if decoder:
            self.source_norm, self.source_attention = nn.LayerNorm(WIDTH), Attention(False)
        self.feed_norm = nn.LayerNorm(WIDTH)
        self.feed = nn.Sequential(nn.Linear(WIDTH, FEED), nn.ReLU(), nn.Linear(FEED, WIDTH))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x, memory=None, mask=None):
        decoder = memory is not None
        read = self.self_norm(x)
        x = x + self.dropout(self.self_attention(read, read, None if decoder else mask, causal=decoder))
        if decoder:
            x = x + self.dropout(self.source_attention(self.source_norm(x), memory, mask))
        return x + self.dropout(self.feed(self.feed_norm(x)))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(VOCAB, WIDTH) * WIDTH ** -0.5)
        self.output_bias = nn.Parameter(torch.zeros(VOCAB))
        self.encoder = nn.ModuleList(Layer(False) for _ in range(LAYERS))
        self.decoder = nn.ModuleList(Layer(True) for _ in range(LAYERS))
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.dropout = nn.Dropout(DROPOUT)
        frequencies = 10000.0 ** (-torch.arange(WIDTH // 2, dtype=torch.float64) / (WIDTH // 2))
        angles = torch.arange(512)[:, None] * frequencies
        self.register_buffer("positions", torch.cat([angles.sin(), angles.cos()], -1).float())

    def embed(self, tokens):
        return self.dropout(F.embedding(tokens, self.table) * WIDTH ** 0.5 + self.positions[:tokens.shape[1]])

    def forward(self, source, target, lengths=None):       # [B, S], [B, T] -> logits [B, T, V]
        mask = None
        if lengths is not None:
            mask = (torch.arange(source.shape[1]) < lengths[:, None])[:, None, None]
        x = self.embed(source)
        for layer in self.encoder:
            x = layer(x, mask=mask)
        memory, x = self.encoder_norm(x), self.embed(target)
        for layer in self.decoder:
            x = layer(x, memory, mask)
        return F.linear(self.decoder_norm(x), self.table, self.output_bias)


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    size, = struct.unpack("<Q", data[:8])
    types = {"F32": torch.float32, "I32": torch.int32}
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + at for at in entry["data_offsets"])
            flat = torch.frombuffer(bytearray(data[begin:end]), dtype=types[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


def load(net, weights):
    def linear(name, *parts):
        part = [weights.pop(f"{name}/{p}/weight").T for p in parts]
        bias = [weights.pop(f"{name}/{p}/bias", torch.zeros(WIDTH)) for p in parts]
        return {"weight": torch.cat(part), "bias": torch.cat(bias)}

    def norm(name):
        return {"weight": weights.pop(f"{name}/scale"), "bias": weights.pop(f"{name}/bias")}

    def attention(module, name):
        module.query.load_state_dict(linear(name, "query"))
        module.key_value.load_state_dict(linear(name, "key", "value"))
        module.output.load_state_dict(linear(name, "output"))

    net.table.data, net.output_bias.data = weights.pop("embedding"), weights.pop("output_bias")
    for side in ("encoder", "decoder"):
        getattr(net, side + "_norm").load_state_dict(norm(f"{side}/norm"))
        for i, layer in enumerate(getattr(net, side)):
            layer.self_norm.load_state_dict(norm(f"{side}/{i}/self_norm"))
            attention(layer.self_attention, f"{side}/{i}/self")
            if side == "decoder":
                layer.source_norm.load_state_dict(norm(f"{side}/{i}/source_norm"))
                attention(layer.source_attention, f"{side}/{i}/source")
            layer.feed_norm.load_state_dict(norm(f"{side}/{i}/feed_norm"))
            layer.feed[0].load_state_dict(linear(f"{side}/{i}/feed", "inner"))
            layer.feed[2].load_state_dict(linear(f"{side}/{i}/feed", "outer"))
    assert not weights, f"unused: {sorted(weights)}"


def compare(path):
    tensors = read_safetensors(path)
    inputs = {name: tensors.pop(name) for name in ("source", "source_lengths", "target", "log_probs")}
    net = Transformer().eval()
    load(net, tensors)
    with torch.no_grad():
        logits = net(inputs["source"].long().T, inputs["target"].long().T, inputs["source_lengths"])
    worst = (torch.log_softmax(logits, -1).transpose(0, 1) - inputs["log_probs"]).abs().max().item()
    print(f"largest difference of {inputs['log_probs'].numel()} log probabilities: {worst:.2e}")
    return 0 if worst <= 1e-4 else 1


def measure():
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    net = Transformer()
    run = torch.compile(net) if args.compile else net
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    source, target, labels = (torch.randint(4, VOCAB, (args.batch, args.length)) for _ in range(3))

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=args.dtype == "bf16"):
            logits = run(source, target)
        loss = F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=PAD, label_smoothing=0.1)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()

    step()
    step()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < args.seconds:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"train T={args.threads} B={args.batch} dtype={args.dtype} median_ms={1e3 * median:.2f} "
          f"best_ms={1e3 * min(times):.2f} tokens_per_s={args.batch * args.length / median:.1f} peak_rss_mb={rss:.0f}")
    return 0


sys.exit(compare(args.compare) if args.compare else measure())
