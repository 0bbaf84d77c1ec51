#!/usr/bin/env python3
"""The program translate beside CTranslate2 with a Transformer of about the same number of weights in 8 bits: words
of the source a second over a file, beam 5, two threads.

    tools/bench/translate_peers.py SOURCE TARGET [--rounds 3] [--flags "--precision bf16"]

Needs ctranslate2, sentencepiece and numpy (pip install). What is compared:
- ours: the wall time of the whole process, from exec to exit.
- CTranslate2: loading, pieces (the same vocabulary), translation and text again, without the start of Python. Its
  weights are random, so each batch's length is forced to the mean of its references (in pieces): it does the steps
  that an ideal search would do; ours searches until five hypotheses have ended. Its best of several ways to share out
  threads and batches is taken.
"""
import argparse
import pathlib
import statistics
import subprocess
import tempfile
import time

import ctranslate2
import numpy
import sentencepiece

ROOT = pathlib.Path(__file__).resolve().parents[2]

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("source")
parser.add_argument("target")
parser.add_argument("--build", default=str(ROOT / "build"))
parser.add_argument("--bundle", default=str(ROOT / "pretrained/translate_en_fr"))
parser.add_argument("--flags", default="", help="further flags of translate")
parser.add_argument("--beam", type=int, default=5)
parser.add_argument("--width", type=int, default=256)
parser.add_argument("--layers", default="2,2", help="of the peer's encoder and decoder")
parser.add_argument("--rounds", type=int, default=3)
args = parser.parse_args()


def fill(spec, random, width):
    """Random weights for one attention, feed-forward or layer norm of a specification."""
    def matrix(rows, columns):
        return random.normal(0, columns ** -0.5, (rows, columns)).astype(numpy.float32)

    def linear(part, rows, columns):
        part.weight, part.bias = matrix(rows, columns), numpy.zeros(rows, numpy.float32)

    def norm(part):
        part.gamma, part.beta = numpy.ones(width, numpy.float32), numpy.zeros(width, numpy.float32)

    for side in (spec.encoder, spec.decoder):
        norm(side.layer_norm)
        for layer in side.layer:
            own = layer.self_attention
            norm(own.layer_norm)
            linear(own.linear[0], 3 * width, width)
            linear(own.linear[1], width, width)
            if side is spec.decoder:
                norm(layer.attention.layer_norm)
                for i, rows in enumerate((width, 2 * width, width)):
                    linear(layer.attention.linear[i], rows, width)
            norm(layer.ffn.layer_norm)
            linear(layer.ffn.linear_0, 4 * width, width)
            linear(layer.ffn.linear_1, width, 4 * width)


def make_model(folder, pieces):
    layers = tuple(int(n) for n in args.layers.split(","))
    spec = ctranslate2.specs.TransformerSpec.from_config(layers, num_heads=args.width // 64)
    random = numpy.random.default_rng(1)
    fill(spec, random, args.width)
    table = random.normal(0, args.width ** -0.5, (len(pieces), args.width)).astype(numpy.float32)
    positions = numpy.zeros((1024, args.width), numpy.float32)
    spec.encoder.embeddings[0].weight = spec.decoder.embeddings.weight = spec.decoder.projection.weight = table
    spec.decoder.projection.bias = numpy.zeros(len(pieces), numpy.float32)
    spec.encoder.position_encodings.encodings = spec.decoder.position_encodings.encodings = positions
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(folder)


def ct2_seconds(folder, model, sources, lengths, inter, batch):
    begin = time.perf_counter()
    translator = ctranslate2.Translator(folder, "cpu", inter_threads=inter, intra_threads=2 // inter,
                                        compute_type="int8")
    pieces = model.encode(sources, out_type=str)
    order = sorted(range(len(sources)), key=lambda i: (-lengths[i], -len(pieces[i])))
    waiting = []
    for first in range(0, len(order), batch):
        part = order[first:first + batch]
        steps = round(statistics.mean(lengths[i] for i in part))
        waiting.append(translator.translate_batch(
            [pieces[i] + ["</s>"] for i in part], beam_size=args.beam, min_decoding_length=steps,
            max_decoding_length=steps, max_batch_size=0, asynchronous=True))
    texts = [model.decode(result.result().hypotheses[0]) for part in waiting for result in part]
    assert len(texts) == len(sources)
    return time.perf_counter() - begin


def our_seconds():
    with open(args.source) as source:
        begin = time.perf_counter()
        subprocess.run([f"{args.build}/bin/translate", "--model", args.bundle, "--beam", str(args.beam), "--threads", "2",
                        *args.flags.split()], stdin=source, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begin


def main():
    sources = open(args.source, encoding="utf-8").read().splitlines()
    targets = open(args.target, encoding="utf-8").read().splitlines()
    words = sum(len(line.split()) for line in sources)
    model = sentencepiece.SentencePieceProcessor(model_file=f"{args.bundle}/pieces.model")
    lengths = [len(p) + 1 for p in model.encode(targets)]
    times = {}
    with tempfile.TemporaryDirectory() as folder:
        make_model(folder, [model.id_to_piece(i) for i in range(model.get_piece_size())])
        for _ in range(args.rounds):
            times.setdefault("ours", []).append(our_seconds())
            for inter in (1, 2):
                for batch in (16, 32, 64):
                    seconds = ct2_seconds(folder, model, sources, lengths, inter, batch)
                    times.setdefault(f"ctranslate2 {inter} x {2 // inter} threads, batch {batch}", []).append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print("| what | seconds | source words/s |\n|---|---|---|")
    for name, seconds in medians.items():
        print(f"| {name} | {seconds:.2f} | {words / seconds:.0f} |")
    ours = medians.pop("ours")
    print(f"ours over the best of CTranslate2: {min(medians.values()) / ours:.2f} times the words/s")


main()
