// Runs every kernel on a processor and compares it with its formula in double precision, row by row: sizes that fill
// their lanes and sizes that do not, narrow rows and wide ones. KERNELS names the source, WORK how attention's work is shared
// out, see emulate-kernels.sh.

#include "emulation.h"

using std::fabs;
using std::fmax;
#include KERNELS
#include WORK

#include <algorithm>
#include <cstdio>
#include <random>

namespace {

using Numbers = std::vector<double>;

std::mt19937 random(1);
bool right = true;

float draw() { return std::uniform_real_distribution<float>(-1.7f, 1.7f)(random); }

std::vector<bf16> drawn(size_t count) {
  std::vector<bf16> out(count);
  for (auto& x : out) x = emulation::toBf16(draw());
  return out;
}

double real(bf16 x) { return __uint_as_float((unsigned int)x << 16); }

void near(const char* what, int width, const Numbers& out, const Numbers& expected, double most) {
  double error = 0, size = 0;
  for (size_t i = 0; i < out.size(); i++) {
    error += (out[i] - expected[i]) * (out[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  double relative = std::sqrt(error / size);
  bool fine = relative <= most;
  right &= fine;
  std::printf("%-24s %5d  %.1e%s\n", what, width, relative, fine ? "" : "  WRONG");
}

void same(const char* what, bool fine) {
  right &= fine;
  if (!fine) std::printf("%s  WRONG\n", what);
}

const double BF16 = 4e-3, E4M3 = 4e-2;  // of rounding once

double gelu(double x, int activate) {
  return activate ? 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))) : x;
}

unsigned int wholeWarps(int threads) { return (threads + 31) / 32 * 32; }

template <class Narrow, class Wide>
void overRows(int rows, int width, int perThread, Narrow narrow, Wide wide) {
  int groups = width / GROUP;
  if (groups <= 6 * 32) {
    emulation::launch((rows + 3) / 4, 128, narrow);
  } else {
    emulation::launch(rows, wholeWarps((groups + perThread - 1) / perThread), wide);
  }
}

void addNorms(int width) {
  int frames = 2, patches = 3, rows = frames * patches;
  std::vector<float> x(rows * width), sum(rows * width), scales(rows);
  for (auto& number : x) number = draw() + 0.5f;
  auto branch = drawn(rows * width), gate = drawn(frames * width), scale = drawn(frames * width),
       shift = drawn(frames * width);
  std::vector<bf16> normed(rows * width);
  std::vector<e4m3> eights(rows * width);
  float most = 0;
  auto with = [&](auto kernel) {
    return [&, kernel] {
      kernel(x.data(), branch.data(), gate.data(), width, scale.data(), shift.data(), width, 1, sum.data(),
          normed.data(), eights.data(), scales.data(), &most, rows, patches, width, 1e-6f);
    };
  };
  overRows(rows, width, 1, with(add_norm), with(add_norm_wide));
  Numbers sums, norms, quantised, expectedSums, expectedNorms;
  double largest = 0;
  for (int row = 0; row < rows; row++) {
    Numbers s(width);
    double mean = 0, variance = 0;
    const int frame = row / patches * width;
    for (int i = 0; i < width; i++) {
      s[i] = x[row * width + i] + real(branch[row * width + i]) * real(gate[frame + i]);
      mean += s[i] / width;
    }
    for (double y : s) variance += (y - mean) * (y - mean) / width;
    for (int i = 0; i < width; i++) {
      int at = row * width + i;
      double y = (s[i] - mean) / std::sqrt(variance + 1e-6) * (1 + real(scale[frame + i])) + real(shift[frame + i]);
      sums.push_back(sum[at]);
      expectedSums.push_back(s[i]);
      norms.push_back(real(normed[at]));
      expectedNorms.push_back(y);
      quantised.push_back(emulation::ofE4m3(eights[at]) * scales[row]);
      largest = std::fmax(largest, std::fabs(real(normed[at])));
    }
  }
  near("add_norm: sum", width, sums, expectedSums, 1e-6);
  near("add_norm: normed", width, norms, expectedNorms, BF16);
  near("add_norm: eights", width, quantised, expectedNorms, E4M3);
  same("add_norm: most", most == (float)largest);
}

void normRotations(int width, int heads) {
  int batches = 2, tokens = 5, rows = batches * tokens, head = width / heads;
  long batchStride = (tokens + 3) * width, apart = 3 * width;
  auto x = drawn(rows * apart), weight = drawn(width);
  std::vector<float> rotation(tokens * head);
  for (int i = 0; i < tokens * head; i += 2) {
    float angle = draw();
    rotation[i] = std::cos(angle);
    rotation[i + 1] = std::sin(angle);
  }
  const bf16 untouched = 0xffff;
  std::vector<bf16> raw(batches * batchStride, untouched), turned(raw), copied(raw);
  auto with = [&](auto kernel) {
    return [&, kernel] {
      kernel(x.data(), apart, weight.data(), rotation.data(), raw.data(), turned.data(), batchStride, rows, tokens,
          width, head, 1e-6f);
    };
  };
  overRows(rows, width, 1, with(norm_rotate), with(norm_rotate_wide));
  auto copying = [&](auto kernel) {
    return [&, kernel] {
      kernel(x.data(), apart, nullptr, nullptr, nullptr, copied.data(), batchStride, rows, tokens, width, head, 0);
    };
  };
  overRows(rows, width, 1, copying(norm_rotate), copying(norm_rotate_wide));
  Numbers raws, turns, expectedRaws, expectedTurns;
  for (int row = 0; row < rows; row++) {
    int token = row % tokens;
    long to = row / tokens * batchStride + token * width;
    double square = 0;
    for (int i = 0; i < width; i++) square += real(x[row * apart + i]) * real(x[row * apart + i]) / width;
    for (int i = 0; i < width; i += 2) {
      double scatter = 1 / std::sqrt(square + 1e-6);
      double a = real(x[row * apart + i]) * scatter * real(weight[i]);
      double b = real(x[row * apart + i + 1]) * scatter * real(weight[i + 1]);
      double cosine = rotation[token * head + i % head], sine = rotation[token * head + i % head + 1];
      raws.insert(raws.end(), {real(raw[to + i]), real(raw[to + i + 1])});
      expectedRaws.insert(expectedRaws.end(), {a, b});
      turns.insert(turns.end(), {real(turned[to + i]), real(turned[to + i + 1])});
      expectedTurns.insert(expectedTurns.end(), {a * cosine - b * sine, a * sine + b * cosine});
      same("norm_rotate: copied", copied[to + i] == x[row * apart + i] && copied[to + i + 1] == x[row * apart + i + 1]);
    }
  }
  near("norm_rotate: raw", width, raws, expectedRaws, BF16);
  near("norm_rotate: turned", width, turns, expectedTurns, BF16);
  for (int batch = 0; batch < batches; batch++) {
    for (long i = (long)tokens * width; i < batchStride; i++) {
      long at = batch * batchStride + i;
      same("norm_rotate: behind", raw[at] == untouched && turned[at] == untouched && copied[at] == untouched);
    }
  }
}

void quantisedRows(int width, int activate) {
  int rows = 5;
  auto x = drawn(rows * width);
  std::vector<e4m3> eights(rows * width);
  std::vector<float> scales(rows);
  auto with = [&](auto kernel) {
    return [&, kernel] { kernel(x.data(), eights.data(), scales.data(), rows, width, activate); };
  };
  overRows(rows, width, 4, with(quantise_rows), with(quantise_rows_wide));
  Numbers out, expected;
  for (int at = 0; at < rows * width; at++) {
    out.push_back(emulation::ofE4m3(eights[at]) * scales[at / width]);
    expected.push_back(gelu(real(x[at]), activate));
  }
  near(activate ? "quantise_rows: gelu" : "quantise_rows", width, out, expected, E4M3);
}

void underOneScale(int groups, int activate) {
  auto x = drawn(groups * GROUP);
  std::vector<e4m3> eights(groups * GROUP);
  float most = 0, scale = 0;
  emulation::launch(3, 256, [&] { find_most(x.data(), &most, groups, activate); });
  emulation::launch(3, 256, [&] { quantise_all(x.data(), &most, eights.data(), &scale, groups, activate); });
  Numbers out, expected;
  for (size_t at = 0; at < x.size(); at++) {
    out.push_back(emulation::ofE4m3(eights[at]) * scale);
    expected.push_back(gelu(real(x[at]), activate));
  }
  near(activate ? "quantise_all: gelu" : "quantise_all", groups * GROUP, out, expected, E4M3);
}

template <class Kernel>
void pixels(Kernel kernel, int lanes, int width, bool biased) {
  int batches = 2, each = 53, count = batches * each;
  long batchStride = (each + 7) * width;
  const bf16 untouched = 0xffff;
  auto x = drawn(count * width), bias = drawn(width), gamma = drawn(width);
  std::vector<bf16> out(batches * batchStride, untouched);
  emulation::launch((count + 256 / lanes - 1) / (256 / lanes), 256, [&] {
    kernel(x.data(), biased ? bias.data() : nullptr, gamma.data(), out.data(), batchStride, count, each, width, 1e-24f);
  });
  Numbers made, expected;
  for (int pixel = 0; pixel < count; pixel++) {
    Numbers y(width);
    double square = 0;
    for (int i = 0; i < width; i++) {
      y[i] = real(x[pixel * width + i]) + (biased ? real(bias[i]) : 0);
      square += y[i] * y[i] / width;
    }
    for (int i = 0; i < width; i++) {
      double z = y[i] / std::sqrt(square) * real(gamma[i]);
      made.push_back(real(out[pixel / each * batchStride + pixel % each * width + i]));
      expected.push_back(z / (1 + std::exp(-z)));
    }
  }
  near(biased ? "channel_norm_silu: bias" : "channel_norm_silu", width, made, expected, BF16);
  for (long i = (long)each * width; i < batchStride; i++) same("channel_norm_silu: behind", out[i] == untouched);
}

void channelSums(int width) {
  int count = 77;
  auto x = drawn(count * width), bias = drawn(width), other = drawn(count * width);
  std::vector<bf16> out(count * width);
  emulation::launch(3, 256, [&] {
    add_channels(x.data(), bias.data(), other.data(), out.data(), count * width / GROUP, width);
  });
  Numbers made, expected;
  for (int at = 0; at < count * width; at++) {
    made.push_back(real(out[at]));
    expected.push_back(real(x[at]) + real(bias[at % width]) + real(other[at]));
  }
  near("add_channels", width, made, expected, BF16);
}

void moves() {
  int batches = 2, places = 14, groups = 37, to = 1;
  int count = 10;
  std::vector<index_t> from = {2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 18, 19, 20, 22, 24, 25, 26, 27};
  auto memory = drawn(batches * places * groups * GROUP);
  auto before = memory, expected = memory;
  for (int batch = 0; batch < batches; batch++) {
    for (int frame = 0; frame < count; frame++) {
      for (int i = 0; i < groups * GROUP; i++) {
        expected[(batch * places + to + frame) * groups * GROUP + i] =
            before[from[batch * count + frame] * groups * GROUP + i];
      }
    }
  }
  emulation::launch((batches * groups + 255) / 256, 256, [&] {
    move_forward(memory.data(), from.data(), count, to, groups, places, batches);
  });
  same("move_forward", memory == expected);
}

// Every tile of keys of every tile of queries is done once, and what is joined are the parts that were left.
void workShared(int tiles, int steps, int blocks) {
  std::vector<int> done(tiles * steps), slots(2 * blocks, -1);
  long long most = 0, all = (long long)tiles * steps;
  bool fine = true;
  for (int block = 0; block < blocks; block++) {
    Work work(tiles, steps, blocks, block);
    long long mine = 0;
    while (work.next()) {
      for (int step = work.from; step < work.to; step++) done[work.tile * steps + step]++;
      mine += work.to - work.from;
      if (work.whole()) continue;
      fine &= work.slot >= 2 * block && work.slot <= 2 * block + 1 && slots[work.slot] < 0;
      slots[work.slot] = work.tile;
    }
    most = std::max(most, mine);
  }
  for (int times : done) fine &= times == 1;
  fine &= most <= all / blocks + 1;
  Work work(tiles, steps, blocks, 0);
  for (int which = 0; which < work.left(); which++) {
    int block = work.firstBlock(which), parts = 0;
    if (work.alone(block, which)) continue;
    for (; work.reaches(block, which); block++) {
      int slot = work.slotOf(block, which);
      if (slot < 0) continue;
      fine &= slots[slot] == tiles - work.left() + which;
      slots[slot] = -1;
      parts++;
    }
    fine &= parts > 1;
  }
  for (int slot : slots) fine &= slot < 0;
  same("work of attention", fine);
}

}  // namespace

int main() {
  for (int width : {1536, 96, 8, 1528, 1544, 5120}) addNorms(width);
  normRotations(1536, 12);
  normRotations(96, 4);
  normRotations(5120, 40);
  for (int activate : {0, 1}) {
    for (int width : {96, 1536, 1544, 8960}) quantisedRows(width, activate);
    underOneScale(700, activate);
  }
  for (bool biased : {false, true}) {
    pixels(channel_norm_silu_4, 4, 8, biased);
    pixels(channel_norm_silu_4, 4, 96, biased);
    pixels(channel_norm_silu_8, 8, 192, biased);
    pixels(channel_norm_silu_16, 16, 384, biased);
    pixels(channel_norm_silu_32, 32, 512, biased);
    pixels(channel_norm_silu_32, 32, 768, biased);
  }
  channelSums(96);
  channelSums(384);
  moves();
  workShared(444, 256, 132);
  workShared(444, 37, 132);
  workShared(132, 16, 132);
  workShared(133, 17, 132);
  workShared(131, 17, 132);
  workShared(3, 16, 114);
  workShared(1, 16, 132);
  std::puts(right ? "kernels.cu computes its formulas, attention.cu shares its work out whole"
                  : "something is WRONG");
  return right ? 0 : 1;
}
