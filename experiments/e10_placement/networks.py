"""The activation buffers of networks, run layer by layer: int8, one image, alive from the layer that writes them to the
last that reads them; weights lie elsewhere. A sum may be written over its first operand.

Sources: MobileNetV2, Sandler et al. 2018 (arXiv 1801.04381), table 2; ResNet-50, He et al. 2015 (arXiv 1512.03385),
table 1; GoogLeNet, Szegedy et al. 2014 (arXiv 1409.4842), table 1; U-Net, Ronneberger et al. 2015 (arXiv 1505.04597),
figure 1, with padded convolutions on 256x256. Convolution, bias and activation function are one layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from isamap.ir.answers import Lifetime

ALIGNMENT_BYTES = 64


class Map(NamedTuple):
    """Feature maps: which layer writes them, how many, how wide and high each is."""

    layer: int
    channels: int
    pixels: int


@dataclass
class Network:
    """Layers in the order in which they run; each writes one map."""

    maps: list[Map] = field(default_factory=list)
    last_read: dict[int, int] = field(default_factory=dict)
    in_place: dict[int, int] = field(default_factory=dict)

    def layer(self, channels: int, pixels: int, *reads: Map) -> Map:
        written = Map(len(self.maps), channels, pixels)
        self.maps.append(written)
        self.last_read.update({read.layer: written.layer for read in reads})
        return written

    def conv(self, read: Map, channels: int, stride: int = 1) -> Map:
        return self.layer(channels, -(-read.pixels // stride), read)

    def add(self, one: Map, other: Map) -> Map:
        written = self.layer(one.channels, one.pixels, one, other)
        self.in_place[written.layer] = one.layer
        return written

    def concat(self, *reads: Map) -> Map:
        return self.layer(sum(read.channels for read in reads), reads[0].pixels, *reads)

    def buffers(self) -> list[Lifetime]:
        """A map that nobody reads is the network's answer and lives to the end."""
        found = []
        for layer, channels, pixels in self.maps:
            end = self.last_read.get(layer, len(self.maps)) + 1
            giver = self.in_place.get(layer)
            dies = giver is not None and self.last_read[giver] == layer
            over = f"m{giver}" if dies else ""
            size = channels * pixels * pixels
            found.append(Lifetime(f"m{layer}", "memory", layer, end, size, ALIGNMENT_BYTES, in_place=over))
        return found


def mobilenet_v2() -> Network:
    net = Network()
    x = net.conv(net.layer(3, 224), 32, 2)
    for expansion, channels, repeats, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                                 (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:  # fmt: skip
        for n in range(repeats):
            wide = net.conv(x, expansion * x.channels) if expansion > 1 else x
            deep = net.conv(wide, wide.channels, stride if n == 0 else 1)
            narrow = net.conv(deep, channels)
            x = net.add(narrow, x) if n else narrow
    x = net.layer(1280, 1, net.conv(x, 1280))
    net.layer(1000, 1, x)
    return net


def resnet_50() -> Network:
    net = Network()
    x = net.conv(net.conv(net.layer(3, 224), 64, 2), 64, 2)
    for stage, (channels, repeats) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
        for n in range(repeats):
            stride = 2 if stage and n == 0 else 1
            short = net.conv(x, 4 * channels, stride) if n == 0 else x
            inner = net.conv(net.conv(x, channels), channels, stride)
            x = net.add(net.conv(inner, 4 * channels), short)
    net.layer(1000, 1, net.layer(2048, 1, x))
    return net


_INCEPTION = {  # 1x1; 3x3 reduced, 3x3; 5x5 reduced, 5x5; pooled
    "3": [(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)],
    "4": [(192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64),
          (112, 144, 288, 32, 64, 64), (256, 160, 320, 32, 128, 128)],
    "5": [(256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)],
}  # fmt: skip


def googlenet() -> Network:
    net = Network()
    x = net.conv(net.conv(net.layer(3, 224), 64, 2), 64, 2)
    x = net.conv(net.conv(net.conv(x, 64), 192), 192, 2)
    for stage, blocks in _INCEPTION.items():
        for one, three_in, three, five_in, five, pooled in blocks:
            branches = [net.conv(x, one), net.conv(net.conv(x, three_in), three), net.conv(net.conv(x, five_in), five)]
            x = net.concat(*branches, net.conv(net.conv(x, x.channels), pooled))
        x = net.conv(x, x.channels, 2) if stage != "5" else net.layer(x.channels, 1, x)
    net.layer(1000, 1, x)
    return net


def unet() -> Network:
    net = Network()
    x, skips = net.layer(1, 256), []
    for channels in (64, 128, 256, 512):
        x = net.conv(net.conv(x, channels), channels)
        skips.append(x)
        x = net.conv(x, channels, 2)
    x = net.conv(net.conv(x, 1024), 1024)
    for skip in reversed(skips):
        x = net.concat(skip, net.layer(skip.channels, skip.pixels, x))
        x = net.conv(net.conv(x, skip.channels), skip.channels)
    net.conv(x, 2)
    return net


NETWORKS = {"MobileNetV2": mobilenet_v2, "ResNet-50": resnet_50, "GoogLeNet": googlenet, "U-Net": unet}
