#!/usr/bin/env python3
"""Inception-v1 as models/vision/inception.h has it (torchvision's GoogLeNet without auxiliary classifiers) in PyTorch
and ONNX Runtime: inference, a training step (forward, cross entropy, backward, SGD with momentum), or the labels of
all JPEG files in a folder, read by Pillow in the workers of a DataLoader.

    inception_torch.py [--mode train] [--form FORM] [--dtype bf16] [--threads 2] [--batch 16] ...
    inception_torch.py --mode folder --photos DIRECTORY [--workers 2] [--size 96] ...
Prints, for a folder without the time that it takes to load torch and the net:
    <mode> T=<threads> B=<batch> dtype=<f32|bf16|int8> form=<form> median_ms=<x> best_ms=<y> images_per_s=<z> peak_rss_mb=<r>
"""
import argparse
import contextlib
import os
import resource
import statistics
import sys
import tempfile
import time
import warnings

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--mode", choices=["infer", "train", "folder"], default="infer")
parser.add_argument("--form", choices=["eager", "frozen", "blocked", "compiled", "onnx"], default="eager",
                    help="all of torch's but 'blocked' are channels-last. frozen: traced and frozen, batch norm folded; "
                         "blocked: that and optimize_for_inference; compiled: torch.compile; onnx: ONNX Runtime")
parser.add_argument("--dtype", choices=["f32", "bf16", "int8"], default="f32")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--size", type=int, default=224)
parser.add_argument("--classes", type=int, default=1000)
parser.add_argument("--stem", choices=["published", "gentle"], default="published")
parser.add_argument("--seconds", type=float, default=5)
parser.add_argument("--photos", help="the folder of --mode folder")
parser.add_argument("--workers", type=int, default=2, help="processes that read photos in --mode folder; 0: none beside")
args = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = str(args.threads)
warnings.filterwarnings("ignore")
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402


class Conv(nn.Module):
    def __init__(self, inputs, outputs, size, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)), inplace=True)


def pool():
    return nn.MaxPool2d(3, 2, ceil_mode=True)


class Module(nn.Module):
    def __init__(self, inputs, c1, r3, c3, r5, c5, c_pool):
        super().__init__()
        self.branches = nn.ModuleList([
            Conv(inputs, c1, 1),
            nn.Sequential(Conv(inputs, r3, 1), Conv(r3, c3, 3)),
            nn.Sequential(Conv(inputs, r5, 1), Conv(r5, c5, 3)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), Conv(inputs, c_pool, 1))])

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


class Net(nn.Sequential):
    def __init__(self):
        stem = [Conv(3, 64, 7, 2), pool(), Conv(64, 64, 1), Conv(64, 192, 3), pool()]
        if args.stem == "gentle":
            stem = [Conv(3, 32, 3, 2), Conv(32, 64, 3), pool(), Conv(64, 64, 1), Conv(64, 192, 3)]
        super().__init__(
            *stem, Module(192, 64, 96, 128, 16, 32, 32), Module(256, 128, 128, 192, 32, 96, 64), pool(),
            Module(480, 192, 96, 208, 16, 48, 64), Module(512, 160, 112, 224, 24, 64, 64),
            Module(512, 128, 128, 256, 24, 64, 64), Module(512, 112, 144, 288, 32, 64, 64),
            Module(528, 256, 160, 320, 32, 128, 128), pool(),
            Module(832, 256, 160, 320, 32, 128, 128), Module(832, 384, 192, 384, 48, 128, 128),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4), nn.Linear(1024, args.classes))


def onnx_session(net, x):
    """Of the exported graph; in 8 bits quantised statically, by the ranges of this very batch."""
    import onnxruntime as ort
    from onnxruntime import quantization as q
    options = ort.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.log_severity_level = 3
    name = "x"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.onnx")
        with open(os.devnull, "w") as null, contextlib.redirect_stdout(null):
            torch.onnx.export(net, (x,), path, input_names=[name], dynamo=False)
        if args.dtype == "int8":
            class Reader(q.CalibrationDataReader):
                batches = [{name: x.numpy()}]

                def get_next(self):
                    return self.batches.pop() if self.batches else None
            prepared, path = path, os.path.join(folder, "int8.onnx")
            q.shape_inference.quant_pre_process(prepared, prepared)
            q.quantize_static(prepared, path, Reader(), quant_format=q.QuantFormat.QDQ, per_channel=True)
        return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def autocast(cache=True):
    return torch.autocast("cpu", torch.bfloat16, enabled=args.dtype == "bf16", cache_enabled=cache)


def inference(net, x):
    net.eval()
    if args.form == "onnx":
        session, photos = onnx_session(net, x), x.numpy()
        return lambda: session.run(None, {"x": photos})
    if args.form in ("frozen", "blocked"):
        with autocast(cache=False):
            net = torch.jit.freeze(torch.jit.trace(net, x))
        if args.form == "blocked":
            net = torch.jit.optimize_for_inference(net)
        return lambda: net(x)
    run = torch.compile(net) if args.form == "compiled" else net

    def step():
        with autocast():
            return run(x)
    return step


def training(net, x):
    run = torch.compile(net) if args.form == "compiled" else net
    labels = torch.randint(args.classes, (args.batch,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            logits = run(x)
        F.cross_entropy(logits.float(), labels).backward()
        optimizer.step()
    return step


class Photos(torch.utils.data.Dataset):
    """The JPEG files below a folder as the net sees them: squares, in channels of mean 0."""
    def __init__(self):
        self.paths = sorted(os.path.join(folder, name) for folder, _, names in os.walk(args.photos) for name in names
                            if name.lower().endswith((".jpg", ".jpeg")))

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        import numpy
        from PIL import Image
        with Image.open(self.paths[i]) as photo:
            photo.draft("RGB", (args.size, args.size))
            photo = photo.convert("RGB").resize((args.size, args.size), Image.Resampling.BILINEAR)
            return torch.from_numpy(numpy.asarray(photo, dtype=numpy.float32) / 58 - 2).permute(2, 0, 1)


def label_folder(net):
    net.eval()
    x = torch.randn(args.batch, 3, args.size, args.size).to(memory_format=torch.channels_last)
    with autocast(cache=False):
        run = torch.jit.freeze(torch.jit.trace(net, x)) if args.form == "frozen" else net
    for _ in range(3):
        run(x)
    begin, labels = time.perf_counter(), []
    for batch in torch.utils.data.DataLoader(Photos(), args.batch, num_workers=args.workers):
        labels += run(batch.to(memory_format=torch.channels_last)).argmax(1).tolist()
    seconds = time.perf_counter() - begin
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"folder T={args.threads} B={args.batch} dtype={args.dtype} form={args.form} workers={args.workers} "
          f"photos={len(labels)} images_per_s={len(labels) / seconds:.1f} peak_rss_mb={rss:.0f}")


def main():
    if args.dtype == "int8" and args.form != "onnx":
        sys.exit("int8 is measured of ONNX Runtime alone")
    if args.form == "onnx" and args.dtype == "bf16":
        sys.exit("ONNX Runtime's CPU provider has no convolutions in bfloat16")
    if args.mode == "train" and args.form not in ("eager", "compiled"):
        sys.exit("training is eager or compiled")
    if args.mode == "folder" and args.form not in ("eager", "frozen"):
        sys.exit("a folder is labelled eagerly or frozen")
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    net, x = Net(), torch.randn(args.batch, 3, args.size, args.size)
    if args.form not in ("blocked", "onnx"):
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    if args.mode == "folder":
        with torch.no_grad():
            return label_folder(net)
    with torch.set_grad_enabled(args.mode == "train"):
        step = (inference if args.mode == "infer" else training)(net, x)
        for _ in range(3):
            step()
        times, begin = [], time.perf_counter()
        while len(times) < 5 or time.perf_counter() - begin < args.seconds:
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
    median = statistics.median(times)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{args.mode} T={args.threads} B={args.batch} dtype={args.dtype} form={args.form} median_ms={1e3 * median:.2f} "
          f"best_ms={1e3 * min(times):.2f} images_per_s={args.batch / median:.1f} peak_rss_mb={rss:.0f}")


main()
