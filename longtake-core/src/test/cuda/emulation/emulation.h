// CUDA's vocabulary for a processor: every thread of a block is a thread, blocks run one after the other. As much as
// kernels.cu needs, in its own words, so that the very source can be compiled and run where there is no GPU.

#pragma once

#include <atomic>
#include <barrier>
#include <cmath>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#define __device__
#define __global__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static
#define __restrict__

struct alignas(16) float4 { float x, y, z, w; };
struct Index { unsigned int x; };

inline thread_local Index threadIdx, blockIdx;
inline Index blockDim, gridDim;

namespace emulation {

inline std::unique_ptr<std::barrier<>> block;               // all threads of the block that runs
inline std::vector<std::unique_ptr<std::barrier<>>> warps;  // and those of each of its warps
inline float lanes[1024];                                   // what is handed from lane to lane

template <class Kernel>
void launch(unsigned int blocks, unsigned int threads, Kernel kernel) {
  gridDim.x = blocks;
  blockDim.x = threads;
  for (unsigned int b = 0; b < blocks; b++) {
    block = std::make_unique<std::barrier<>>(threads);
    warps.clear();
    for (unsigned int w = 0; w < threads / 32; w++) warps.push_back(std::make_unique<std::barrier<>>(32));
    std::vector<std::jthread> running;
    for (unsigned int t = 0; t < threads; t++) {
      running.emplace_back([=] {
        threadIdx.x = t;
        blockIdx.x = b;
        kernel();
      });
    }
  }
}

inline unsigned int bits(float x) {
  unsigned int out;
  std::memcpy(&out, &x, sizeof out);
  return out;
}

// To the nearest, ties to even; finite numbers only.
inline unsigned int toBf16(float x) {
  return (bits(x) + 0x7fff + (bits(x) >> 16 & 1)) >> 16;
}

inline float ofE4m3(unsigned int byte) {
  int exponent = byte >> 3 & 15, mantissa = byte & 7;
  float size = exponent ? std::ldexp(1 + mantissa / 8.0f, exponent - 7) : std::ldexp(mantissa / 8.0f, -6);
  return byte & 128 ? -size : size;
}

// To the nearest of the 127 magnitudes, ties to even, 448 at most.
inline unsigned int toE4m3(float x) {
  unsigned int nearest = 0;
  float least = std::fabs(x);
  for (unsigned int candidate = 1; candidate < 127; candidate++) {
    float distance = std::fabs(ofE4m3(candidate) - std::fabs(x));
    if (distance < least || (distance == least && candidate % 2 == 0)) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest | (std::signbit(x) ? 128 : 0);
}

inline unsigned int bf16Pair(float low, float high) { return toBf16(low) | toBf16(high) << 16; }
inline unsigned int e4m3Pair(float low, float high) { return toE4m3(low) | toE4m3(high) << 8; }
inline float exponential(float x) { return std::exp(x); }

}  // namespace emulation

inline float __uint_as_float(unsigned int x) {
  float out;
  std::memcpy(&out, &x, sizeof out);
  return out;
}
inline unsigned int __float_as_uint(float x) { return emulation::bits(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float rsqrtf(float x) { return 1 / std::sqrt(x); }
inline void __syncthreads() { emulation::block->arrive_and_wait(); }

inline float __shfl_xor_sync(unsigned int, float x, int step) {
  unsigned int thread = threadIdx.x;
  auto& warp = *emulation::warps[thread / 32];
  emulation::lanes[thread] = x;
  warp.arrive_and_wait();
  float out = emulation::lanes[thread ^ step];
  warp.arrive_and_wait();
  return out;
}

inline void atomicMax(unsigned int* to, unsigned int x) {
  std::atomic_ref<unsigned int> most(*to);
  for (unsigned int now = most; now < x && !most.compare_exchange_weak(now, x);) {
  }
}
