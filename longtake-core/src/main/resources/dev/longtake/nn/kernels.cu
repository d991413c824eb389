// The operators between the large products of a transformer block and of the video decoder, each in one pass over
// memory. Needs no header, so that NVRTC compiles it on a machine without a CUDA toolkit. Compute capability 8.9 or
// newer, for conversions to e4m3.
//
// Activations are bfloat16, but for the sums that branches are added to, which are float32; rows of `width` channels,
// width a multiple of 8; arithmetic is float32. A row belongs to one block (or to a few lanes, in channel_norm_silu), a
// thread has groups of 8 channels.

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

__device__ __forceinline__ float gelu(float x) {
  return 0.5f * x * (1.0f + tanhf(0.7978845608028654f * (x + 0.044715f * x * x * x)));
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

}  // namespace

// RMS norm over the width, then a turn of interleaved pairs by each token's angles. `x` has rows `stride` apart, the
// results are without gaps but for `turned`, whose batches are `batchStride` apart. Either result may be absent, and
// with `rotation` absent nothing is turned; with `weight` absent there is no norm.
extern "C" __global__ void norm_rotate(const bf16* x, index_t stride, const bf16* weight, const float* rotation,
    bf16* raw, bf16* turned, index_t batchStride, int tokens, int width, int head, float eps) {
  index_t row = blockIdx.x;
  int channel = threadIdx.x * GROUP;
  bool mine = channel < width;
  float v[GROUP] = {};
  if (mine) load(x + row * stride + channel, v);
  if (weight) {
    float squares = 0;
#pragma unroll
    for (int i = 0; i < GROUP; i++) squares += v[i] * v[i];
    float scatter = rsqrtf(overBlock<Sum>(squares) / width + eps);
    if (mine) {
      float w[GROUP];
      load(weight + channel, w);
#pragma unroll
      for (int i = 0; i < GROUP; i++) v[i] = v[i] * scatter * w[i];
      rounded(v);
    }
  }
  if (!mine) return;
  if (raw) store(raw + row * width + channel, v);
  if (!turned) return;
  index_t batch = row / tokens, token = row % tokens;
  if (rotation) {
    const float4* angles = reinterpret_cast<const float4*>(rotation + token * head + channel % head);
#pragma unroll
    for (int i = 0; i < 2; i++) {
      float4 two = angles[i];  // cosine, sine, cosine, sine
      float a = v[4 * i], b = v[4 * i + 1], c = v[4 * i + 2], d = v[4 * i + 3];
      v[4 * i] = a * two.x - b * two.y;
      v[4 * i + 1] = a * two.y + b * two.x;
      v[4 * i + 2] = c * two.z - d * two.w;
      v[4 * i + 3] = c * two.w + d * two.z;
    }
  }
  store(turned + batch * batchStride + token * width + channel, v);
}

// sum = x + branch * gate in float32 (branch and gate may be absent), normed = layerNorm(sum) * (base + scale) + shift.
// Vectors of frames are `vectorStride` apart, through the whole batch, and serve `patches` rows each; one vector for all
// has stride 0. Every result may be absent: sum; normed as bfloat16; normed in eight bits with a scale for each row; the
// largest magnitude in normed.
extern "C" __global__ void add_norm(const float* x, const bf16* branch, const bf16* gate, index_t gateStride,
    const bf16* scale, const bf16* shift, index_t vectorStride, float base, float* sum, bf16* normed, e4m3* eights,
    float* rowScales, float* most, int patches, int width, float eps) {
  index_t row = blockIdx.x, frame = row / patches;
  int channel = threadIdx.x * GROUP;
  bool mine = channel < width;
  float v[GROUP] = {};
  if (mine) {
    load(x + row * width + channel, v);
    if (branch) {
      float added[GROUP];
      load(branch + row * width + channel, added);
      if (gate) {
        float g[GROUP];
        load(gate + frame * gateStride + channel, g);
#pragma unroll
        for (int i = 0; i < GROUP; i++) added[i] *= g[i];
      }
#pragma unroll
      for (int i = 0; i < GROUP; i++) v[i] += added[i];
    }
    if (sum) store(sum + row * width + channel, v);
  }
  if (!normed && !eights) return;
  float total = 0;
#pragma unroll
  for (int i = 0; i < GROUP; i++) total += v[i];
  float mean = overBlock<Sum>(total) / width;
  float squares = 0;
  if (mine) {
#pragma unroll
    for (int i = 0; i < GROUP; i++) {
      v[i] -= mean;
      squares += v[i] * v[i];
    }
  }
  float scatter = rsqrtf(overBlock<Sum>(squares) / width + eps);
  if (mine) {
    float times[GROUP], plus[GROUP];
    load(scale + frame * vectorStride + channel, times);
    load(shift + frame * vectorStride + channel, plus);
#pragma unroll
    for (int i = 0; i < GROUP; i++) v[i] = v[i] * scatter * (base + times[i]) + plus[i];
    if (normed) {
      rounded(v);
      store(normed + row * width + channel, v);
    }
  }
  if (!eights && !most) return;
  float peak = overBlock<Max>(mine ? largest(v) : 0.0f);
  if (most && threadIdx.x == 0) raise(most, peak);
  if (eights) {
    float size = fmaxf(peak, LEAST) / LARGEST;
    if (threadIdx.x == 0) rowScales[row] = size;
    if (mine) store(eights + row * width + channel, v, 1.0f / size);
  }
}

// The largest magnitude of x, or of its GELU, into `most`, which must hold 0 or a magnitude before.
extern "C" __global__ void find_most(const bf16* x, float* most, index_t groups, int activate) {
  float peak = 0;
  for (index_t i = blockIdx.x * (index_t)blockDim.x + threadIdx.x; i < groups; i += (index_t)gridDim.x * blockDim.x) {
    float v[GROUP];
    load(x + i * GROUP, v);
#pragma unroll
    for (int j = 0; j < GROUP; j++) {
      if (activate) v[j] = gelu(v[j]);
    }
    peak = fmaxf(peak, largest(v));
  }
  peak = overBlock<Max>(peak);
  if (threadIdx.x == 0) raise(most, peak);
}

// x, or its GELU, in eight bits under one scale, most / 448, which is written too.
extern "C" __global__ void quantise_all(const bf16* x, const float* most, e4m3* out, float* scale, index_t groups,
    int activate) {
  float size = fmaxf(*most, LEAST) / LARGEST, times = 1.0f / size;
  if (blockIdx.x == 0 && threadIdx.x == 0) *scale = size;
  for (index_t i = blockIdx.x * (index_t)blockDim.x + threadIdx.x; i < groups; i += (index_t)gridDim.x * blockDim.x) {
    float v[GROUP];
    load(x + i * GROUP, v);
#pragma unroll
    for (int j = 0; j < GROUP; j++) {
      if (activate) v[j] = gelu(v[j]);
    }
    store(out + i * GROUP, v, times);
  }
}

// x, or its GELU, in eight bits under a scale for each row. Rows are at most 4 groups a thread wide.
extern "C" __global__ void quantise_rows(const bf16* x, e4m3* out, float* scales, int width, int activate) {
  const int MOST = 4;
  index_t row = blockIdx.x;
  float v[MOST][GROUP];
  float peak = 0;
#pragma unroll
  for (int n = 0; n < MOST; n++) {
    int channel = (n * blockDim.x + threadIdx.x) * GROUP;
    if (channel < width) {
      load(x + row * width + channel, v[n]);
#pragma unroll
      for (int j = 0; j < GROUP; j++) {
        if (activate) v[n][j] = gelu(v[n][j]);
      }
      peak = fmaxf(peak, largest(v[n]));
    }
  }
  peak = overBlock<Max>(peak);
  float size = fmaxf(peak, LEAST) / LARGEST, times = 1.0f / size;
  if (threadIdx.x == 0) scales[row] = size;
#pragma unroll
  for (int n = 0; n < MOST; n++) {
    int channel = (n * blockDim.x + threadIdx.x) * GROUP;
    if (channel < width) store(out + row * width + channel, v[n], times);
  }
}

// silu(x * rsqrt(mean(x^2) + eps) * gamma) over the channels of each pixel, of which there are at most 512; 16 lanes a
// pixel.
extern "C" __global__ void channel_norm_silu(const bf16* x, const bf16* gamma, bf16* out, index_t pixels, int width,
    float eps) {
  const int LANES = 16, MOST = 4;
  int lane = threadIdx.x % LANES;
  index_t pixel = blockIdx.x * (index_t)(blockDim.x / LANES) + threadIdx.x / LANES;
  bool mine = pixel < pixels;
  float v[MOST][GROUP];
  float squares = 0;
#pragma unroll
  for (int n = 0; n < MOST; n++) {
    int channel = (n * LANES + lane) * GROUP;
    if (mine && channel < width) {
      load(x + pixel * width + channel, v[n]);
#pragma unroll
      for (int j = 0; j < GROUP; j++) squares += v[n][j] * v[n][j];
    }
  }
  float scatter = rsqrtf(overLanes<Sum, LANES>(squares) / width + eps);
#pragma unroll
  for (int n = 0; n < MOST; n++) {
    int channel = (n * LANES + lane) * GROUP;
    if (mine && channel < width) {
      float w[GROUP];
      load(gamma + channel, w);
#pragma unroll
      for (int j = 0; j < GROUP; j++) {
        float y = v[n][j] * scatter * w[j];
        v[n][j] = y / (1.0f + __expf(-y));
      }
      store(out + pixel * width + channel, v[n]);
    }
  }
}
