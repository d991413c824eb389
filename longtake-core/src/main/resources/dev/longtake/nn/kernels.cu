// The operators between the large products of a transformer block and of the video decoder, each in one pass over
// memory. Needs no header, so that NVRTC compiles it on a machine without a CUDA toolkit. Compute capability 8.9 or
// newer, for conversions to e4m3.
//
// Activations are bfloat16, but for the sums that branches are added to, which are float32; rows of `width` channels,
// width a multiple of 8; arithmetic is float32. Lanes take groups of 8 channels, 16 bytes of bfloat16 at a time, and hold
// them in registers from the first read to the last write. A row of up to 1536 channels belongs to one warp, which
// reduces without a barrier and has six reads under way in each lane; a wider row belongs to a block.

typedef unsigned short bf16;
typedef unsigned char e4m3;
typedef long long index_t;

namespace {

const int GROUP = 8;            // channels of a thread at a time
const float LARGEST = 448.0f;   // of e4m3
const float LEAST = 1e-12f;     // of a scale's numerator: a row of zeros stays zeros

struct alignas(16) Words { unsigned int word[4]; };
struct alignas(16) Floats { float number[4]; };
struct alignas(8) Bytes { unsigned int word[2]; };

__device__ __forceinline__ void load(const bf16* at, float (&v)[GROUP]) {
  Words packed = *reinterpret_cast<const Words*>(at);
#pragma unroll
  for (int i = 0; i < 4; i++) {
    v[2 * i] = __uint_as_float(packed.word[i] << 16);
    v[2 * i + 1] = __uint_as_float(packed.word[i] & 0xffff0000u);
  }
}

__device__ __forceinline__ unsigned int pair(float low, float high) {
  unsigned int out;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(out) : "f"(high), "f"(low));
  return out;
}

__device__ __forceinline__ void store(bf16* at, const float (&v)[GROUP]) {
  Words packed;
#pragma unroll
  for (int i = 0; i < 4; i++) packed.word[i] = pair(v[2 * i], v[2 * i + 1]);
  *reinterpret_cast<Words*>(at) = packed;
}

__device__ __forceinline__ void load(const float* at, float (&v)[GROUP]) {
#pragma unroll
  for (int i = 0; i < 2; i++) {
    Floats packed = reinterpret_cast<const Floats*>(at)[i];
#pragma unroll
    for (int j = 0; j < 4; j++) v[4 * i + j] = packed.number[j];
  }
}

__device__ __forceinline__ void store(float* at, const float (&v)[GROUP]) {
#pragma unroll
  for (int i = 0; i < 2; i++) {
    Floats packed;
#pragma unroll
    for (int j = 0; j < 4; j++) packed.number[j] = v[4 * i + j];
    reinterpret_cast<Floats*>(at)[i] = packed;
  }
}

// What a bfloat16 would hold.
__device__ __forceinline__ void rounded(float (&v)[GROUP]) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    unsigned int both = pair(v[2 * i], v[2 * i + 1]);
    v[2 * i] = __uint_as_float(both << 16);
    v[2 * i + 1] = __uint_as_float(both & 0xffff0000u);
  }
}

__device__ __forceinline__ unsigned int eighths(float low, float high) {
  unsigned short out;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(out) : "f"(high), "f"(low));
  return out;
}

__device__ __forceinline__ void store(e4m3* at, const float (&v)[GROUP], float times) {
  Bytes packed;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    packed.word[i] = eighths(v[4 * i] * times, v[4 * i + 1] * times)
        | eighths(v[4 * i + 2] * times, v[4 * i + 3] * times) << 16;
  }
  *reinterpret_cast<Bytes*>(at) = packed;
}

// By (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)): two fast instructions, where tanhf would take longer than the reads.
__device__ __forceinline__ float gelu(float x) {
  return __fdividef(x, 1.0f + __expf(-1.5957691216057308f * (x + 0.044715f * x * x * x)));
}

__device__ __forceinline__ float silu(float x) {
  return __fdividef(x, 1.0f + __expf(-x));
}

__device__ __forceinline__ float largest(const float (&v)[GROUP]) {
  float most = 0;
#pragma unroll
  for (int i = 0; i < GROUP; i++) most = fmaxf(most, fabsf(v[i]));
  return most;
}

struct Sum {
  static __device__ __forceinline__ float of(float a, float b) { return a + b; }
};
struct Max {
  static __device__ __forceinline__ float of(float a, float b) { return fmaxf(a, b); }
};

template <class Join, int LANES>
__device__ __forceinline__ float overLanes(float x) {
#pragma unroll
  for (int step = LANES / 2; step > 0; step /= 2) x = Join::of(x, __shfl_xor_sync(0xffffffffu, x, step));
  return x;
}

// Over the whole block, whose threads are whole warps; every thread gets the result. 0 must change nothing.
template <class Join>
__device__ __forceinline__ float overBlock(float x) {
  __shared__ float part[32];
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
  x = overLanes<Join, 32>(x);
  __syncthreads();  // a reduction before this one may still be read
  if (lane == 0) part[warp] = x;
  __syncthreads();
  return overLanes<Join, 32>(lane < warps ? part[lane] : 0.0f);
}

// The largest of everything, of all blocks: as bits, numbers from 0 are in the order of integers.
__device__ __forceinline__ void raise(float* to, float x) {
  atomicMax(reinterpret_cast<unsigned int*>(to), __float_as_uint(x));
}

// Whose a row is: which row, which of its lanes this thread is, how many lanes there are, and what they come to
// together. Lane l has groups l, l + lanes, l + 2 lanes and so on, MOST at most.
struct WarpRow {
  static const int MOST = 6, THREADS = 128, BLOCKS = 5;  // of a multiprocessor: 102 registers a thread
  static __device__ __forceinline__ index_t row() {
    return blockIdx.x * (index_t)(THREADS / 32) + (threadIdx.x >> 5);
  }
  static __device__ __forceinline__ int lane() { return threadIdx.x & 31; }
  static __device__ __forceinline__ int lanes() { return 32; }
  template <class Join>
  static __device__ __forceinline__ float over(float x) { return overLanes<Join, 32>(x); }
};

template <int GROUPS>
struct BlockRow {
  static const int MOST = GROUPS, THREADS = 1024, BLOCKS = 1;
  static __device__ __forceinline__ index_t row() { return blockIdx.x; }
  static __device__ __forceinline__ int lane() { return threadIdx.x; }
  static __device__ __forceinline__ int lanes() { return blockDim.x; }
  template <class Join>
  static __device__ __forceinline__ float over(float x) { return overBlock<Join>(x); }
};

// Does something with each group that this thread has of a row. Every step is a loop of its own, so that all its reads
// are under way before the first is waited for.
#define EACH_GROUP(n, channel) \
  _Pragma("unroll") for (int n = 0; n < Row::MOST; n++) \
    if (int channel = (n * Row::lanes() + Row::lane()) * GROUP; channel < width)

template <class Row>
__device__ __forceinline__ void normRotate(const bf16* __restrict__ x, index_t stride, const bf16* __restrict__ weight,
    const float* __restrict__ rotation, bf16* __restrict__ raw, bf16* __restrict__ turned, index_t batchStride,
    index_t rows, int tokens, int width, int head, float eps) {
  index_t row = Row::row();
  if (row >= rows) return;
  float v[Row::MOST][GROUP];
  EACH_GROUP(n, channel) load(x + row * stride + channel, v[n]);
  if (weight) {
    float squares = 0;
    EACH_GROUP(n, channel) {
#pragma unroll
      for (int i = 0; i < GROUP; i++) squares += v[n][i] * v[n][i];
    }
    float scatter = rsqrtf(Row::template over<Sum>(squares) / width + eps);
    EACH_GROUP(n, channel) {
      float w[GROUP];
      load(weight + channel, w);
#pragma unroll
      for (int i = 0; i < GROUP; i++) v[n][i] = v[n][i] * scatter * w[i];
      rounded(v[n]);
    }
  }
  index_t batch = (unsigned int)row / (unsigned int)tokens;
  int token = (int)(row - batch * tokens);
  index_t place = batch * batchStride + (index_t)token * width;
  if (raw) {
    EACH_GROUP(n, channel) store(raw + place + channel, v[n]);
  }
  if (!turned) return;
  bf16* to = turned + place;
  const float* turns = rotation + (index_t)token * head;
  EACH_GROUP(n, channel) {
    if (rotation) {
      const float4* angles = reinterpret_cast<const float4*>(turns + channel % head);
#pragma unroll
      for (int i = 0; i < 2; i++) {
        float4 two = angles[i];  // cosine, sine, cosine, sine
        float a = v[n][4 * i], b = v[n][4 * i + 1], c = v[n][4 * i + 2], d = v[n][4 * i + 3];
        v[n][4 * i] = a * two.x - b * two.y;
        v[n][4 * i + 1] = a * two.y + b * two.x;
        v[n][4 * i + 2] = c * two.z - d * two.w;
        v[n][4 * i + 3] = c * two.w + d * two.z;
      }
    }
    store(to + channel, v[n]);
  }
}

template <class Row>
__device__ __forceinline__ void addNorm(const float* __restrict__ x, const bf16* __restrict__ branch,
    const bf16* __restrict__ gate, index_t gateStride, const bf16* __restrict__ scale, const bf16* __restrict__ shift,
    index_t vectorStride, float base, float* __restrict__ sum, bf16* __restrict__ normed, e4m3* __restrict__ eights,
    float* __restrict__ rowScales, float* __restrict__ most, index_t rows, int patches, int width, float eps) {
  index_t row = Row::row();
  if (row >= rows) return;
  index_t frame = (unsigned int)row / (unsigned int)patches;
  float v[Row::MOST][GROUP];
  EACH_GROUP(n, channel) load(x + row * width + channel, v[n]);
  if (branch) {
    EACH_GROUP(n, channel) {
      float added[GROUP];
      load(branch + row * width + channel, added);
      if (gate) {
        float g[GROUP];
        load(gate + frame * gateStride + channel, g);
#pragma unroll
        for (int i = 0; i < GROUP; i++) added[i] *= g[i];
      }
#pragma unroll
      for (int i = 0; i < GROUP; i++) v[n][i] += added[i];
    }
  }
  if (sum) {
    EACH_GROUP(n, channel) store(sum + row * width + channel, v[n]);
  }
  if (!normed && !eights) return;
  float total = 0;
  EACH_GROUP(n, channel) {
#pragma unroll
    for (int i = 0; i < GROUP; i++) total += v[n][i];
  }
  float mean = Row::template over<Sum>(total) / width;
  float squares = 0;
  EACH_GROUP(n, channel) {
#pragma unroll
    for (int i = 0; i < GROUP; i++) {
      v[n][i] -= mean;
      squares += v[n][i] * v[n][i];
    }
  }
  float scatter = rsqrtf(Row::template over<Sum>(squares) / width + eps);
  float peak = 0;
  EACH_GROUP(n, channel) {
    float times[GROUP], plus[GROUP];
    load(scale + frame * vectorStride + channel, times);
    load(shift + frame * vectorStride + channel, plus);
#pragma unroll
    for (int i = 0; i < GROUP; i++) v[n][i] = v[n][i] * scatter * (base + times[i]) + plus[i];
    if (normed) {
      rounded(v[n]);
      store(normed + row * width + channel, v[n]);
    }
    peak = fmaxf(peak, largest(v[n]));
  }
  if (!eights && !most) return;
  peak = Row::template over<Max>(peak);
  if (most && Row::lane() == 0) raise(most, peak);
  if (eights) {
    float size = fmaxf(peak, LEAST) / LARGEST, times = 1.0f / size;
    if (Row::lane() == 0) rowScales[row] = size;
    EACH_GROUP(n, channel) store(eights + row * width + channel, v[n], times);
  }
}

template <class Row>
__device__ __forceinline__ void quantiseRow(const bf16* __restrict__ x, e4m3* __restrict__ out,
    float* __restrict__ scales, index_t rows, int width, int activate) {
  index_t row = Row::row();
  if (row >= rows) return;
  float v[Row::MOST][GROUP];
  EACH_GROUP(n, channel) load(x + row * width + channel, v[n]);
  float peak = 0;
  EACH_GROUP(n, channel) {
    if (activate) {
#pragma unroll
      for (int i = 0; i < GROUP; i++) v[n][i] = gelu(v[n][i]);
    }
    peak = fmaxf(peak, largest(v[n]));
  }
  peak = Row::template over<Max>(peak);
  float size = fmaxf(peak, LEAST) / LARGEST, times = 1.0f / size;
  if (Row::lane() == 0) scales[row] = size;
  EACH_GROUP(n, channel) store(out + row * width + channel, v[n], times);
}

// Adds a vector of the channels, if there is one.
__device__ __forceinline__ void add(const bf16* __restrict__ vector, int channel, float (&v)[GROUP]) {
  if (!vector) return;
  float more[GROUP];
  load(vector + channel, more);
#pragma unroll
  for (int i = 0; i < GROUP; i++) v[i] += more[i];
}

// Lanes of a pixel are as many as its channels fill with up to 3 groups each: 96, 192 and 384 channels leave none idle.
template <int LANES>
__device__ __forceinline__ void channelNormSilu(const bf16* __restrict__ x, const bf16* __restrict__ bias,
    const bf16* __restrict__ gamma, bf16* __restrict__ out, index_t batchStride, index_t pixels, index_t pixelsOfBatch,
    int width, float eps) {
  const int MOST = 3;
  int lane = threadIdx.x % LANES;
  index_t pixel = blockIdx.x * (index_t)(256 / LANES) + threadIdx.x / LANES;
  bool mine = pixel < pixels;
  float v[MOST][GROUP];
#pragma unroll
  for (int n = 0; n < MOST; n++) {
    int channel = (n * LANES + lane) * GROUP;
    if (mine && channel < width) load(x + pixel * width + channel, v[n]);
  }
  float squares = 0;
#pragma unroll
  for (int n = 0; n < MOST; n++) {
    int channel = (n * LANES + lane) * GROUP;
    if (mine && channel < width) {
      add(bias, channel, v[n]);
#pragma unroll
      for (int i = 0; i < GROUP; i++) squares += v[n][i] * v[n][i];
    }
  }
  float scatter = rsqrtf(overLanes<Sum, LANES>(squares) / width + eps);
  if (!mine) return;
  index_t batch = (unsigned int)pixel / (unsigned int)pixelsOfBatch;
  bf16* to = out + batch * batchStride + (pixel - batch * pixelsOfBatch) * width;
#pragma unroll
  for (int n = 0; n < MOST; n++) {
    int channel = (n * LANES + lane) * GROUP;
    if (channel < width) {
      float w[GROUP];
      load(gamma + channel, w);
#pragma unroll
      for (int i = 0; i < GROUP; i++) v[n][i] = silu(v[n][i] * scatter * w[i]);
      store(to + channel, v[n]);
    }
  }
}

}  // namespace

#define NORM_ROTATE const bf16* x, index_t stride, const bf16* weight, const float* rotation, bf16* raw, bf16* turned, \
    index_t batchStride, index_t rows, int tokens, int width, int head, float eps
#define ADD_NORM const float* x, const bf16* branch, const bf16* gate, index_t gateStride, const bf16* scale, \
    const bf16* shift, index_t vectorStride, float base, float* sum, bf16* normed, e4m3* eights, float* rowScales, \
    float* most, index_t rows, int patches, int width, float eps
#define QUANTISE_ROWS const bf16* x, e4m3* out, float* scales, index_t rows, int width, int activate
#define CHANNEL_NORM_SILU const bf16* x, const bf16* bias, const bf16* gamma, bf16* out, index_t batchStride, \
    index_t pixels, index_t pixelsOfBatch, int width, float eps
#define BOUNDS(Row) __launch_bounds__(Row::THREADS, Row::BLOCKS)

// RMS norm over the width, then a turn of interleaved pairs by each token's angles. `x` has rows `stride` apart, the
// results are without gaps but for their batches, `batchStride` apart. Either result may be absent, and with `rotation`
// absent nothing is turned; with `weight` absent there is no norm.
extern "C" __global__ void BOUNDS(WarpRow) norm_rotate(NORM_ROTATE) {
  normRotate<WarpRow>(x, stride, weight, rotation, raw, turned, batchStride, rows, tokens, width, head, eps);
}
extern "C" __global__ void BOUNDS(BlockRow<1>) norm_rotate_wide(NORM_ROTATE) {
  normRotate<BlockRow<1>>(x, stride, weight, rotation, raw, turned, batchStride, rows, tokens, width, head, eps);
}

// sum = x + branch * gate in float32 (branch and gate may be absent), normed = layerNorm(sum) * (base + scale) + shift.
// Vectors of frames are `vectorStride` apart, through the whole batch, and serve `patches` rows each; one vector for all
// has stride 0. Every result may be absent: sum; normed as bfloat16; normed in eight bits with a scale for each row; the
// largest magnitude in normed.
extern "C" __global__ void BOUNDS(WarpRow) add_norm(ADD_NORM) {
  addNorm<WarpRow>(x, branch, gate, gateStride, scale, shift, vectorStride, base, sum, normed, eights, rowScales, most,
      rows, patches, width, eps);
}
extern "C" __global__ void BOUNDS(BlockRow<1>) add_norm_wide(ADD_NORM) {
  addNorm<BlockRow<1>>(x, branch, gate, gateStride, scale, shift, vectorStride, base, sum, normed, eights, rowScales,
      most, rows, patches, width, eps);
}

// x, or its GELU, in eight bits under a scale for each row. Wide rows have at most 4 groups a thread.
extern "C" __global__ void BOUNDS(WarpRow) quantise_rows(QUANTISE_ROWS) {
  quantiseRow<WarpRow>(x, out, scales, rows, width, activate);
}
extern "C" __global__ void BOUNDS(BlockRow<4>) quantise_rows_wide(QUANTISE_ROWS) {
  quantiseRow<BlockRow<4>>(x, out, scales, rows, width, activate);
}

// The largest magnitude of x, or of its GELU, into `most`, which must hold 0 or a magnitude before.
extern "C" __global__ void __launch_bounds__(256, 6) find_most(const bf16* __restrict__ x, float* most, index_t groups,
    int activate) {
  float peak = 0;
#pragma unroll 2
  for (index_t i = blockIdx.x * 256 + threadIdx.x; i < groups; i += (index_t)gridDim.x * 256) {
    float v[GROUP];
    load(x + i * GROUP, v);
    if (activate) {
#pragma unroll
      for (int j = 0; j < GROUP; j++) v[j] = gelu(v[j]);
    }
    peak = fmaxf(peak, largest(v));
  }
  peak = overBlock<Max>(peak);
  if (threadIdx.x == 0) raise(most, peak);
}

// x, or its GELU, in eight bits under one scale, most / 448, which is written too.
extern "C" __global__ void __launch_bounds__(256, 6) quantise_all(const bf16* __restrict__ x,
    const float* __restrict__ most, e4m3* __restrict__ out, float* __restrict__ scale, index_t groups, int activate) {
  float size = fmaxf(*most, LEAST) / LARGEST, times = 1.0f / size;
  if (blockIdx.x == 0 && threadIdx.x == 0) *scale = size;
  // From the end: what find_most, or the step before, touched last may still be in the cache.
#pragma unroll 2
  for (index_t i = groups - 1 - (blockIdx.x * 256 + threadIdx.x); i >= 0; i -= (index_t)gridDim.x * 256) {
    float v[GROUP];
    load(x + i * GROUP, v);
    if (activate) {
#pragma unroll
      for (int j = 0; j < GROUP; j++) v[j] = gelu(v[j]);
    }
    store(out + i * GROUP, v, times);
  }
}

// y = x + bias (which may be absent), out = silu(y * rsqrt(mean(y^2) + eps) * gamma), the mean over the channels of each
// pixel. Batches of `out` are `batchStride` apart, all else is without gaps. Named by the lanes of a pixel, of 24
// channels each at most.
extern "C" __global__ void __launch_bounds__(256, 4) channel_norm_silu_4(CHANNEL_NORM_SILU) {
  channelNormSilu<4>(x, bias, gamma, out, batchStride, pixels, pixelsOfBatch, width, eps);
}
extern "C" __global__ void __launch_bounds__(256, 4) channel_norm_silu_8(CHANNEL_NORM_SILU) {
  channelNormSilu<8>(x, bias, gamma, out, batchStride, pixels, pixelsOfBatch, width, eps);
}
extern "C" __global__ void __launch_bounds__(256, 4) channel_norm_silu_16(CHANNEL_NORM_SILU) {
  channelNormSilu<16>(x, bias, gamma, out, batchStride, pixels, pixelsOfBatch, width, eps);
}
extern "C" __global__ void __launch_bounds__(256, 4) channel_norm_silu_32(CHANNEL_NORM_SILU) {
  channelNormSilu<32>(x, bias, gamma, out, batchStride, pixels, pixelsOfBatch, width, eps);
}

// x + bias + other, bias a vector of the channels. At most 2^32 groups.
extern "C" __global__ void __launch_bounds__(256, 6) add_channels(const bf16* __restrict__ x,
    const bf16* __restrict__ bias, const bf16* __restrict__ other, bf16* __restrict__ out, index_t groups, int width) {
  unsigned int inPixel = width / GROUP;
#pragma unroll 2
  for (index_t i = blockIdx.x * 256 + threadIdx.x; i < groups; i += (index_t)gridDim.x * 256) {
    float v[GROUP], more[GROUP];
    load(x + i * GROUP, v);
    load(other + i * GROUP, more);
    add(bias, (int)((unsigned int)i % inPixel) * GROUP, v);
#pragma unroll
    for (int j = 0; j < GROUP; j++) v[j] += more[j];
    store(out + i * GROUP, v);
  }
}

// Moves `count` frames of `groups` groups to places `to` and up of each of a batch with room for `room` frames, in the
// memory where they are. Frame i of a batch comes from frame from[i], counted from the first of the whole batch and not
// before the place it goes to, increasing. A thread has one group of every frame, so nothing is overwritten unread.
extern "C" __global__ void __launch_bounds__(256, 4) move_forward(bf16* memory, const index_t* from, int count, int to,
    index_t groups, index_t room, index_t batches) {
  const int AHEAD = 6;  // reads under way
  index_t i = blockIdx.x * (index_t)256 + threadIdx.x;
  if (i >= batches * groups) return;
  index_t batch = i / groups;
  Words* at = reinterpret_cast<Words*>(memory) + (i - batch * groups);
  Words* goal = at + (batch * room + to) * groups;
  from += batch * count;
  for (int first = 0; first < count; first += AHEAD) {
    Words held[AHEAD];
#pragma unroll
    for (int n = 0; n < AHEAD; n++) {
      if (first + n < count) held[n] = at[from[first + n] * groups];
    }
#pragma unroll
    for (int n = 0; n < AHEAD; n++) {
      if (first + n < count) goal[(first + n) * groups] = held[n];
    }
  }
}
