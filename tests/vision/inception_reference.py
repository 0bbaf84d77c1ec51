#!/usr/bin/env python3
"""Prints the numbers of inception_reference.h: what PyTorch (with torchvision's nets where it has them) computes, in double
precision, with the weights and photos that inception_reference_test.cc makes.

    pip install torch torchvision && tests/vision/inception_reference.py > tests/vision/inception_reference.h
"""
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torchvision.models.googlenet import BasicConv2d

CLASSES = 3


def uniform(name, count):
    """Numbers in [-1, 1) that depend on the name and their place: splitmix64 from the name's FNV-1a hash on."""
    seed = 0xcbf29ce484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001b3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9e3779b97f4a7c15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def value(name, shape):
    """The variable of this name and shape, in Vivarium's layout."""
    u = uniform(name, int(np.prod(shape))).reshape(shape)
    part = name.rsplit("/", 1)[1]
    if part == "filter":
        u *= np.sqrt(6 / np.prod(shape[:3]))
    elif part == "weight":
        u *= np.sqrt(6 / shape[0])
    elif part in ("scale", "variance"):
        u = 1 + 0.3 * u
    else:
        u *= 0.1
    return u.astype(np.float32).astype(np.float64)


def photos(n, extent):
    return np.floor((uniform("photos", n * extent * extent * 3) + 1) * 128).reshape(n, extent, extent, 3)


def fill_conv(module, name):
    """A torchvision BasicConv2d, or a convolution alone."""
    conv = getattr(module, "conv", module)
    k, c, h, w = conv.weight.shape
    conv.weight.data = torch.from_numpy(value(name + "/filter", (h, w, c, k)).transpose(3, 2, 0, 1).copy())
    if conv.bias is not None:
        conv.bias.data = torch.from_numpy(value(name + "/bias", (k,)))
    bn = getattr(module, "bn", None)
    if isinstance(bn, nn.BatchNorm2d):
        if bn.affine_scale:
            bn.weight.data = torch.from_numpy(value(name + "/scale", (k,)))
        bn.bias.data = torch.from_numpy(value(name + "/offset", (k,)))
        bn.running_mean.data = torch.from_numpy(value(name + "/mean", (k,)))
        bn.running_var.data = torch.from_numpy(value(name + "/variance", (k,)))


def fill_linear(module, name, chw=None):
    """`chw`: the inputs are such a map, whose channels come first here and last there."""
    outputs, inputs = module.weight.shape
    weight = value(name + "/weight", (inputs, outputs))
    if chw:
        c, h, w = chw
        weight = weight.reshape(h, w, c, outputs).transpose(2, 0, 1, 3).reshape(inputs, outputs)
    module.weight.data = torch.from_numpy(weight.T.copy())
    module.bias.data = torch.from_numpy(value(name + "/bias", (outputs,)))


nn.BatchNorm2d.affine_scale = True
Unit = BasicConv2d


# In TensorFlow, the home of v3, the padding around a window does not count.
avg_pool2d = F.avg_pool2d
F.avg_pool2d = lambda x, *args, **more: avg_pool2d(x, *args, **more, count_include_pad=False)


class SamePad(nn.Module):
    """What TensorFlow's "same" padding adds before windows of 3 with a stride of 2."""
    def __init__(self, inner, lowest=0.0):
        super().__init__()
        self.inner, self.lowest = inner, lowest

    def forward(self, x):
        h, w = x.shape[2:]
        rows, columns = (max((-(-n // 2) - 1) * 2 + 3 - n, 0) for n in (h, w))
        return self.inner(F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2), value=self.lowest))


def same_pool():
    return SamePad(nn.MaxPool2d(3, 2), -np.inf)


def v1(gentle, batch_norm=False):
    net = torchvision.models.googlenet(weights=None, num_classes=CLASSES, init_weights=False, aux_logits=True)
    net.maxpool4 = nn.MaxPool2d(3, 2, ceil_mode=True)  # as published; torchvision has windows of 2 x 2
    convs = {"stem/2": net.conv2, "stem/3": net.conv3}
    if gentle:
        one = Unit(3, 32, kernel_size=3, stride=2)
        two = Unit(32, 64, kernel_size=3, padding=1)
        net.conv1 = nn.Sequential(SamePad(one), two)
        net.maxpool2 = nn.Identity()
        convs.update({"stem/1a": one, "stem/1b": two})
    else:
        convs["stem/1"] = net.conv1
    for module in "3a 3b 4a 4b 4c 4d 4e 5a 5b".split():
        inception = getattr(net, "inception" + module)
        convs[module + "/branch1/0"] = inception.branch1
        for branch in (2, 3):
            for i in (0, 1):
                convs[f"{module}/branch{branch}/{i}"] = getattr(inception, f"branch{branch}")[i]
        convs[module + "/branch4/0"] = inception.branch4[1]
    for i in (1, 2):
        aux = getattr(net, f"aux{i}")
        convs[f"auxiliary{i}/map/0"] = aux.conv
        fill_linear(aux.fc1, f"auxiliary{i}/hidden", (128, 4, 4))
        fill_linear(aux.fc2, f"auxiliary{i}/classes")
    if not batch_norm:  # as published, with biases, filters of 5 x 5 and local response norm
        for name, unit in convs.items():
            old, unit.bn = unit.conv, nn.Identity()
            size, padding = (5, 2) if name.endswith("/branch3/1") else (old.kernel_size, old.padding)
            unit.conv = nn.Conv2d(old.in_channels, old.out_channels, size, old.stride, padding)
        net.maxpool1 = nn.Sequential(net.maxpool1, nn.LocalResponseNorm(5))
        net.conv3 = nn.Sequential(net.conv3, nn.LocalResponseNorm(5))
    for name, conv in convs.items():
        fill_conv(conv, name)
    fill_linear(net.fc, "classes")
    return net, convs


def v1_norm(gentle):
    return v1(gentle, batch_norm=True)


def v3(gentle):
    net = torchvision.models.inception_v3(weights=None, num_classes=CLASSES, init_weights=False, aux_logits=not gentle)
    if gentle:
        net.Conv2d_1a_3x3 = SamePad(Unit(3, 32, kernel_size=3, stride=2))
        net.Conv2d_2a_3x3.conv.padding = net.Conv2d_4a_3x3.conv.padding = (1, 1)
        net.maxpool1, net.maxpool2 = same_pool(), nn.Identity()
    stem = getattr(net.Conv2d_1a_3x3, "inner", net.Conv2d_1a_3x3)
    convs = {"stem/1": stem, "stem/2": net.Conv2d_2a_3x3, "stem/3": net.Conv2d_2b_3x3, "stem/4": net.Conv2d_3b_1x1,
             "stem/5": net.Conv2d_4a_3x3}
    branches = {
        "5b 5c 5d": ["branch1x1", "branch5x5_1 branch5x5_2", "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3", "branch_pool"],
        "6a": ["branch3x3", "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3"],
        "6b 6c 6d 6e": ["branch1x1", "branch7x7_1 branch7x7_2 branch7x7_3",
                        " ".join(f"branch7x7dbl_{i}" for i in range(1, 6)), "branch_pool"],
        "7a": ["branch3x3_1 branch3x3_2", " ".join(f"branch7x7x3_{i}" for i in range(1, 5))],
        "7b 7c": ["branch1x1", "branch3x3_1 branch3x3_2a,branch3x3_2b",
                  "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3a,branch3x3dbl_3b", "branch_pool"]}
    for modules, names in branches.items():
        for module in modules.split():
            inception = getattr(net, "Mixed_" + module)
            for i, branch in enumerate(names, 1):
                for j, unit in enumerate(branch.split()):
                    parts = unit.split(",")
                    for part, suffix in zip(parts, ["/wide", "/high"] if len(parts) > 1 else [""]):
                        convs[f"{module}/branch{i}/{j}{suffix}"] = getattr(inception, part)
    if not gentle:
        convs.update({"auxiliary1/map/0": net.AuxLogits.conv0, "auxiliary1/map/1": net.AuxLogits.conv1})
        fill_linear(net.AuxLogits.fc, "auxiliary1/classes")
    for name, conv in convs.items():
        fill_conv(conv, name)
    fill_linear(net.fc, "classes")
    return net, convs


class Small(nn.Module):
    """Zhang et al. 2017, figure 3."""
    def __init__(self):
        super().__init__()
        self.convs = {}
        self.stem = self.unit("stem", 3, 96, 3)
        channels, layers = 96, []
        for name, one, three in [("1a", 32, 32), ("1b", 32, 48), ("1c", 0, 80), ("2a", 112, 48), ("2b", 96, 64), ("2c", 80, 80),
                                 ("2d", 48, 96), ("2e", 0, 96), ("3a", 176, 160), ("3b", 176, 160)]:
            if one:
                layers.append((self.unit(name + "/branch1/0", channels, one, 1), self.unit(name + "/branch2/0", channels, three, 3)))
                channels = one + three
            else:
                conv = self.unit(name + "/branch1/0", channels, three, 3, 2)
                layers.append((SamePad(conv), same_pool()))
                channels += three
        self.modules_ = layers
        self.all = nn.ModuleList(self.convs.values())
        self.fc = nn.Linear(channels, CLASSES)

    def unit(self, name, inputs, outputs, size, stride=1):
        unit = Unit(inputs, outputs, kernel_size=size, stride=stride, padding=size // 2 if stride == 1 else 0)
        unit.bn.affine_scale = False
        self.convs[name] = unit
        return unit

    def forward(self, x):
        x = self.stem(x)
        for one, two in self.modules_:
            x = torch.cat([one(x), two(x)], 1)
        return self.fc(x.mean((2, 3)))


def small(_):
    net = Small()
    for name, conv in net.convs.items():
        fill_conv(conv, name)
    fill_linear(net.fc, "classes")
    return net, net.convs


def main():
    print("""// What PyTorch computes with the nets of inception_reference_test.cc: made by inception_reference.py.
#ifndef VIV_TESTS_VISION_INCEPTION_REFERENCE_H_
#define VIV_TESTS_VISION_INCEPTION_REFERENCE_H_

#include <utility>
#include <vector>

namespace viv {

struct InceptionReference {
  const char* kind;
  const char* stem;
  int photos, input_size;
  bool auxiliary;
  std::vector<double> logits;    // of inference
  std::vector<double> training;  // logits in training, those of auxiliary classifiers behind
  double loss;
  // The norms of its gradients in variables.
  std::vector<std::pair<const char*, double>> gradient_norms;
};

inline const InceptionReference kInceptionReferences[] = {""")
    for kind, make, gentle, n, extent in [("v1", v1, False, 3, 64), ("v1", v1, True, 2, 32),
                                          ("v1_norm", v1_norm, False, 4, 64), ("v1_norm", v1_norm, True, 4, 32),
                                          ("v3", v3, False, 2, 299), ("v3", v3, True, 4, 48), ("small", small, False, 3, 16)]:
        net, convs = make(gentle)
        net = net.double()
        for module in net.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        mean, deviation = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
        x = torch.from_numpy(((photos(n, extent) - mean) / deviation).transpose(0, 3, 1, 2).copy())
        labels = torch.arange(n) % CLASSES
        with torch.no_grad():
            logits = net.eval()(x)
        outputs = net.train()(x)
        outputs = [outputs] if isinstance(outputs, torch.Tensor) else [outputs[0]] + [o for o in outputs[:0:-1] if o is not None]
        losses = [F.cross_entropy(o, labels, label_smoothing=0.1) for o in outputs]
        loss = losses[0] + 0.3 * sum(losses[1:])
        loss.backward()
        first, last = next(n for n in convs if n in ("stem/1", "stem/1a", "stem")), list(convs)[len(convs) // 2]
        norms = {"classes/weight": net.fc.weight.grad.norm()}
        for name in (first, last):
            module = convs[name]
            norms[name + "/filter"] = getattr(module, "conv", module).weight.grad.norm()
            if isinstance(getattr(module, "bn", None), nn.BatchNorm2d):
                norms[name + "/offset"] = module.bn.bias.grad.norm()
        numbers = lambda values: ", ".join(f"{v:.7g}" for v in values)
        print(f"""    {{"{kind}", "{'gentle' if gentle else 'published'}", {n}, {extent}, {'true' if len(outputs) > 1 else 'false'},
     {{{numbers(logits.flatten())}}},
     {{{numbers(torch.cat(outputs).flatten())}}},
     {numbers([loss])},
     {{{", ".join(f'{{"{k}", {numbers([v])}}}' for k, v in norms.items())}}}}},""")
    print("""};

}  // namespace viv

#endif  // VIV_TESTS_VISION_INCEPTION_REFERENCE_H_""")


main()
