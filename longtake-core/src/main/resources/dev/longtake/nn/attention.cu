// softmax(q k^T / sqrt(d)) v for long lists of keys, on compute capability 9.0 alone: heads of d = 128 in bfloat16.
//
// A tile of 128 queries of one head goes through all keys, 128 at a time, softmax being corrected as larger scores come
// (FlashAttention). One warpgroup of a block brings tiles by the copy engine, two compute, 64 queries each, and take
// turns: while one's products run, the other does its exponentials, and each asks for its next scores before it waits
// for the product of its last ones (FlashAttention-3, Shah et al., arXiv 2407.08608, section 3).
//
// There is a block for each multiprocessor. Tiles are given out in rounds; those of a round that would not be full are
// cut at any tile of keys, so that all blocks end together, and joined by a second kernel.

typedef unsigned short bf16;
typedef unsigned int word_t;
typedef unsigned long long long_t;

namespace {

const int QUERIES = 128, KEYS = 128;  // of a tile
const int WIDTH = 128;                // of a head
const int HALF = 64;                  // channels in the 128 bytes of a swizzled row
const int STAGES = 2;                 // tiles of keys and of values in shared memory
const word_t TILE = 128 * WIDTH * 2;  // bytes
const word_t HALF_TILE = TILE / 2;

// As cuTensorMapEncodeTiled makes it: axes channel, head, token, video; boxes of 64 channels of 128 tokens.
struct alignas(64) TensorMap { long_t opaque[16]; };

// What each block does: whole tiles, round by round, then a share of the tiles left, counted in tiles of keys.
struct Work {
  int tiles, steps, blocks, block;  // steps: tiles of keys
  int round = 0;
  long long at, end;                // of the share
  int tile = 0, from = 0, to = 0;   // what is to be done now: this tile of queries, these tiles of keys
  int slot;                         // where a part of a tile is left

  __device__ Work(int tiles, int steps, int blocks, int block)
      : tiles(tiles), steps(steps), blocks(blocks), block(block), at(begin(block)), end(begin(block + 1)),
        slot(2 * block - 1) {}

  __device__ int left() const { return tiles % blocks; }

  // A share is a tile's keys at most, so it has parts of two tiles at most.
  __device__ long long begin(int of) const { return (long long)left() * steps * of / blocks; }

  __device__ bool next() {
    if (round < tiles / blocks) {
      tile = blocks * round++ + block;
      from = 0;
      to = steps;
      return true;
    }
    if (at >= end) return false;
    int which = (int)(at / steps);
    long long first = (long long)which * steps;
    tile = tiles - left() + which;
    from = (int)(at - first);
    to = end - first < steps ? (int)(end - first) : steps;
    at = first + to;
    slot++;
    return true;
  }

  __device__ bool whole() const { return from == 0 && to == steps; }

  // The first block with a part of a tile left.
  __device__ int firstBlock(int which) const {
    int found = (int)((long long)which * blocks / left());
    while (found > 0 && begin(found) > (long long)which * steps) found--;
    while (begin(found + 1) <= (long long)which * steps) found++;
    return found;
  }

  // Whether a block does a tile left all by itself.
  __device__ bool alone(int of, int which) const {
    long long first = (long long)which * steps;
    return begin(of) <= first && begin(of + 1) >= first + steps;
  }

  // Whether blocks from this one on may have parts of a tile left.
  __device__ bool reaches(int of, int which) const { return of < blocks && begin(of) < (which + 1LL) * steps; }

  // Where a block leaves its part of a tile left; -1 where it has none.
  __device__ int slotOf(int of, int which) const {
    if (begin(of) == begin(of + 1)) return -1;
    return 2 * of + (begin(of) < (long long)which * steps ? 1 : 0);
  }
};

// ---- shared memory, barriers and the copy engine

struct Barriers {
  word_t queriesFull, queriesFree, keysFull, keysFree, valuesFull, valuesFree;  // the last four for each stage

  __device__ explicit Barriers(word_t at)
      : queriesFull(at), queriesFree(at + 8), keysFull(at + 16), keysFree(keysFull + 8 * STAGES),
        valuesFull(keysFree + 8 * STAGES), valuesFree(valuesFull + 8 * STAGES) {}
};

__device__ __forceinline__ void init(word_t barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals));
}

__device__ __forceinline__ void expect(word_t barrier, word_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

__device__ __forceinline__ void arrive(word_t barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}

__device__ __forceinline__ void await(word_t barrier, word_t parity) {
  asm volatile(
      "{\n"
      ".reg .pred done;\n"
      "AGAIN:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
      "@done bra READY;\n"
      "bra AGAIN;\n"
      "READY:\n"
      "}" ::"r"(barrier), "r"(parity) : "memory");
}

__device__ __forceinline__ void copyHalf(word_t to, const TensorMap* from, int channel, int head, int token, int video,
    word_t barrier) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4, %5}], "
      "[%6];" ::"r"(to), "l"(from), "r"(channel), "r"(head), "r"(token), "r"(video), "r"(barrier) : "memory");
}

// 128 tokens of a head, as two halves of its channels.
__device__ __forceinline__ void copyTile(word_t to, const TensorMap* from, int head, int token, int video,
    word_t barrier) {
  expect(barrier, TILE);
  copyHalf(to, from, 0, head, token, video, barrier);
  copyHalf(to + HALF_TILE, from, HALF, head, token, video, barrier);
}

// The two that compute let one another pass in turn.
__device__ __forceinline__ void awaitTurn(int mine) { asm volatile("bar.sync %0, 256;" ::"r"(1 + mine) : "memory"); }

__device__ __forceinline__ void giveTurn(int mine) { asm volatile("bar.arrive %0, 256;" ::"r"(2 - mine) : "memory"); }

// ---- products of a warpgroup

#define NAMES_64 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, " \
  "%22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, " \
  "%43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, " \
  "%63}, "
#define NUMBERS_64(d) \
  "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), \
  "+f"(d[8]), "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), \
  "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), \
  "+f"(d[24]), "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31]), \
  "+f"(d[32]), "+f"(d[33]), "+f"(d[34]), "+f"(d[35]), "+f"(d[36]), "+f"(d[37]), "+f"(d[38]), "+f"(d[39]), \
  "+f"(d[40]), "+f"(d[41]), "+f"(d[42]), "+f"(d[43]), "+f"(d[44]), "+f"(d[45]), "+f"(d[46]), "+f"(d[47]), \
  "+f"(d[48]), "+f"(d[49]), "+f"(d[50]), "+f"(d[51]), "+f"(d[52]), "+f"(d[53]), "+f"(d[54]), "+f"(d[55]), \
  "+f"(d[56]), "+f"(d[57]), "+f"(d[58]), "+f"(d[59]), "+f"(d[60]), "+f"(d[61]), "+f"(d[62]), "+f"(d[63])

// A tile in shared memory, its rows swizzled by 128 bytes and eight of them 1024 bytes apart from the next eight.
// leading: bytes between the halves of what is read by columns, of no meaning for what is read by rows.
struct Descriptor {
  word_t low;

  __device__ __forceinline__ Descriptor(word_t at, word_t leading) : low(at >> 4 | leading >> 4 << 16) {}

  // Some bytes further on.
  __device__ __forceinline__ long_t at(word_t bytes) const {
    return (long_t)(1u << 30 | 1024 >> 4) << 32 | (low + (bytes >> 4));
  }
};

__device__ __forceinline__ void beginProducts() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

__device__ __forceinline__ void endProducts() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// d (+)= a b^T: 64 rows of a and 128 of b, 16 channels of each, both in shared memory.
__device__ __forceinline__ void multiply(float (&d)[64], long_t a, long_t b, bool add) {
  asm volatile(
      "{\n"
      ".reg .pred add;\n"
      "setp.ne.b32 add, %66, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
      NAMES_64
      "%64, %65, add, 1, 1, 0, 0;\n"
      "}"
      : NUMBERS_64(d)
      : "l"(a), "l"(b), "r"((int)add));
}

// d (+)= a b: 64 rows of a, of 16 columns and in registers, and 16 rows of b.
__device__ __forceinline__ void multiply(float (&d)[64], const word_t* a, long_t b, bool add) {
  asm volatile(
      "{\n"
      ".reg .pred add;\n"
      "setp.ne.b32 add, %69, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
      NAMES_64
      "{%64, %65, %66, %67}, %68, add, 1, 1, 1;\n"
      "}"
      : NUMBERS_64(d)
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"((int)add));
}

// Until no more than so many groups of products are under way; d is not read before.
template <int UNDER_WAY> __device__ __forceinline__ void settled(float (&d)[64]) {
  asm volatile("wgmma.wait_group.sync.aligned %64;"
      : NUMBERS_64(d)
      : "n"(UNDER_WAY)
      : "memory");
}

// Whatever is done to d before stays before.
__device__ __forceinline__ void pinned(float (&d)[64]) {
  asm volatile(""
      : NUMBERS_64(d)
      :
      : "memory");
}

__device__ __forceinline__ void scores(float (&s)[64], Descriptor queries, Descriptor keys, word_t stage) {
  pinned(s);
  beginProducts();
#pragma unroll
  for (int i = 0; i < WIDTH / 16; i++) {
    word_t at = i / 4 * HALF_TILE + i % 4 * 32;
    multiply(s, queries.at(at), keys.at(stage * TILE + at), i > 0);
  }
  endProducts();
}

__device__ __forceinline__ void addValues(float (&o)[64], const word_t (&shares)[32], Descriptor values, word_t stage,
    bool add) {
  pinned(o);
  beginProducts();
#pragma unroll
  for (int i = 0; i < KEYS / 16; i++) {
    multiply(o, shares + 4 * i, values.at(stage * TILE + i * 16 * 128), add || i > 0);
  }
  endProducts();
}

// ---- softmax

__device__ __forceinline__ float infinity() { return __int_as_float(0x7f800000); }

__device__ __forceinline__ float powerOfTwo(float x) {
  float out;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(out) : "f"(x));
  return out;
}

__device__ __forceinline__ word_t pair(float low, float high) {
  word_t out;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(out) : "f"(high), "f"(low));
  return out;
}

// The largest score so far and the sum of exponentials of two rows of queries, 8 apart, which four lanes share: number
// i of a lane's 64 belongs to row i / 2 % 2.
struct Softmax {
  float scale;  // to exponents of two
  float most[2], total[2], shrink[2];

  // Scores become exponentials; what was summed before is to be multiplied by `shrink`.
  __device__ __forceinline__ void take(float (&s)[64]) {
    float now[2], sum[2][2] = {};
#pragma unroll
    for (int r = 0; r < 2; r++) {
      float even = fmaxf(most[r], s[2 * r]), odd = s[2 * r + 1];
#pragma unroll
      for (int i = 2 * r + 4; i < 64; i += 4) {
        even = fmaxf(even, s[i]);
        odd = fmaxf(odd, s[i + 1]);
      }
      now[r] = fmaxf(even, odd);
    }
#pragma unroll
    for (int r = 0; r < 2; r++) now[r] = fmaxf(now[r], __shfl_xor_sync(~0u, now[r], 1));
#pragma unroll
    for (int r = 0; r < 2; r++) {
      now[r] = fmaxf(now[r], __shfl_xor_sync(~0u, now[r], 2));
      shrink[r] = powerOfTwo((most[r] - now[r]) * scale);
      most[r] = now[r];
      now[r] *= scale;
    }
#pragma unroll
    for (int i = 0; i < 64; i++) {
      s[i] = powerOfTwo(fmaf(s[i], scale, -now[i / 2 % 2]));
      sum[i / 2 % 2][i % 2] += s[i];
    }
#pragma unroll
    for (int r = 0; r < 2; r++) total[r] = fmaf(total[r], shrink[r], sum[r][0] + sum[r][1]);
  }

  __device__ __forceinline__ void join() {
#pragma unroll
    for (int r = 0; r < 2; r++) {
      total[r] += __shfl_xor_sync(~0u, total[r], 1);
      total[r] += __shfl_xor_sync(~0u, total[r], 2);
    }
  }
};

// Keys beyond the last have no share.
__device__ __forceinline__ void mask(float (&s)[64], int keysLeft, int lane) {
  if (keysLeft >= KEYS) return;
#pragma unroll
  for (int i = 0; i < 64; i++) {
    if (i / 4 * 8 + lane % 4 * 2 + i % 2 >= keysLeft) s[i] = -infinity();
  }
}

__device__ __forceinline__ void packed(word_t (&shares)[32], const float (&s)[64]) {
#pragma unroll
  for (int i = 0; i < 32; i++) shares[i] = pair(s[2 * i], s[2 * i + 1]);
}

}  // namespace

// out is laid out by video, token, head and channel. parts: 128 queries of 128 channels for each slot, two slots a
// block; sums: for each of these queries its largest score, as an exponent of two, and its sum of exponentials. Shared
// memory: a tile of queries, STAGES of keys and of values, 1024 bytes to begin at a multiple of that, 128 of barriers.
extern "C" __global__ void __launch_bounds__(384, 1) attend(const __grid_constant__ TensorMap queryMap,
    const __grid_constant__ TensorMap keyMap, const __grid_constant__ TensorMap valueMap, bf16* out, float* parts,
    float* sums, int queries, int keys, int heads, int videos, float scale) {
  extern __shared__ unsigned char shared[];
  const word_t queryTile = ((word_t)__cvta_generic_to_shared(shared) + 1023) & ~1023u;
  const word_t keyTiles = queryTile + TILE, valueTiles = keyTiles + STAGES * TILE;
  const Barriers barriers(valueTiles + STAGES * TILE);
  const int queryTiles = (queries + QUERIES - 1) / QUERIES;
  Work work(queryTiles * heads * videos, (keys + KEYS - 1) / KEYS, gridDim.x, blockIdx.x);

  if (threadIdx.x == 0) {
    init(barriers.queriesFull, 1);
    init(barriers.queriesFree, 2);
    for (int stage = 0; stage < STAGES; stage++) {
      init(barriers.keysFull + 8 * stage, 1);
      init(barriers.keysFree + 8 * stage, 2);
      init(barriers.valuesFull + 8 * stage, 1);
      init(barriers.valuesFree + 8 * stage, 2);
    }
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  __syncthreads();

  if (threadIdx.x < 128) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 56;");
    if (threadIdx.x > 0) return;
    word_t count = 0;
    for (word_t part = 0; work.next(); part++) {
      int row = work.tile / queryTiles, head = row % heads, video = row / heads;
      await(barriers.queriesFree, part % 2 ^ 1);
      copyTile(queryTile, &queryMap, head, work.tile % queryTiles * QUERIES, video, barriers.queriesFull);
      for (int step = work.from; step < work.to; step++, count++) {
        word_t stage = count % STAGES, parity = count / STAGES % 2 ^ 1;
        await(barriers.keysFree + 8 * stage, parity);
        copyTile(keyTiles + stage * TILE, &keyMap, head, step * KEYS, video, barriers.keysFull + 8 * stage);
        await(barriers.valuesFree + 8 * stage, parity);
        copyTile(valueTiles + stage * TILE, &valueMap, head, step * KEYS, video, barriers.valuesFull + 8 * stage);
      }
    }
    return;
  }

  asm volatile("setmaxnreg.inc.sync.aligned.u32 224;");
  const int mine = __shfl_sync(~0u, threadIdx.x / 128, 0) - 1, lane = threadIdx.x % 128;
  const Descriptor q(queryTile + mine * 64 * 128, 16), k(keyTiles, 16), v(valueTiles, HALF_TILE);
  float s[64], o[64];
  word_t shares[32];
  word_t count = 0;
  if (mine == 1) giveTurn(mine);
  for (word_t part = 0; work.next(); part++) {
    Softmax softmax = {scale, {-infinity(), -infinity()}, {0, 0}, {0, 0}};
    await(barriers.queriesFull, part % 2);
    word_t stage = count % STAGES, parity = count / STAGES % 2;
    await(barriers.keysFull + 8 * stage, parity);
    scores(s, q, k, stage);
    settled<0>(s);
    if (lane == 0) arrive(barriers.keysFree + 8 * stage);
    mask(s, keys - work.from * KEYS, lane);
    softmax.take(s);
    packed(shares, s);
    for (int step = work.from + 1; step < work.to; step++) {
      word_t next = (count + 1) % STAGES;
      await(barriers.keysFull + 8 * next, (count + 1) / STAGES % 2);
      awaitTurn(mine);
      scores(s, q, k, next);
      await(barriers.valuesFull + 8 * stage, parity);
      addValues(o, shares, v, stage, step > work.from + 1);
      giveTurn(mine);
      settled<1>(s);
      if (lane == 0) arrive(barriers.keysFree + 8 * next);
      mask(s, keys - step * KEYS, lane);
      softmax.take(s);
      settled<0>(o);
      if (lane == 0) arrive(barriers.valuesFree + 8 * stage);
      pinned(s);
      packed(shares, s);
#pragma unroll
      for (int i = 0; i < 64; i++) o[i] *= softmax.shrink[i / 2 % 2];
      count++;
      stage = next;
      parity = count / STAGES % 2;
    }
    if (lane == 0) arrive(barriers.queriesFree);
    await(barriers.valuesFull + 8 * stage, parity);
    addValues(o, shares, v, stage, work.to > work.from + 1);
    settled<0>(o);
    if (lane == 0) arrive(barriers.valuesFree + 8 * stage);
    count++;

    softmax.join();
    const int row = work.tile / queryTiles, head = row % heads, video = row / heads;
    const int inTile = mine * 64 + lane / 32 * 16 + lane % 32 / 4;
#pragma unroll
    for (int r = 0; r < 2; r++) {
      const int query = work.tile % queryTiles * QUERIES + inTile + 8 * r;
      if (work.whole()) {
        if (query >= queries) continue;
        const float share = 1.0f / softmax.total[r];
        word_t* to = (word_t*)(out + (((long long)video * queries + query) * heads + head) * WIDTH) + lane % 4;
#pragma unroll
        for (int i = 2 * r; i < 64; i += 4) to[i - 2 * r] = pair(o[i] * share, o[i + 1] * share);
      } else {
        const long long at = (long long)work.slot * QUERIES + inTile + 8 * r;
        float2* to = (float2*)(parts + at * WIDTH) + lane % 4;
#pragma unroll
        for (int i = 2 * r; i < 64; i += 4) to[i - 2 * r] = make_float2(o[i], o[i + 1]);
        if (lane % 4 == 0) {
          sums[2 * at] = softmax.most[r] * scale;
          sums[2 * at + 1] = softmax.total[r];
        }
      }
    }
  }
}

// Joins the parts of the tiles left, a warp for each query: sixteen blocks of 256 threads a tile. blocks: of `attend`.
extern "C" __global__ void __launch_bounds__(256) join_parts(bf16* __restrict__ out, const float* __restrict__ parts,
    const float* __restrict__ sums, int queries, int keys, int heads, int videos, int blocks) {
  const int queryTiles = (queries + QUERIES - 1) / QUERIES;
  const Work work(queryTiles * heads * videos, (keys + KEYS - 1) / KEYS, blocks, 0);
  const int which = blockIdx.x / 16, inTile = blockIdx.x % 16 * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
  const int tile = work.tiles - work.left() + which, query = tile % queryTiles * QUERIES + inTile;
  if (query >= queries) return;
  float most = -infinity(), total = 0;
  float4 o = make_float4(0, 0, 0, 0);
  int block = work.firstBlock(which);
  if (work.alone(block, which)) return;
  for (; work.reaches(block, which); block++) {
    const int slot = work.slotOf(block, which);
    if (slot < 0) continue;
    const long long at = (long long)slot * QUERIES + inTile;
    const float here = sums[2 * at], now = fmaxf(most, here);
    const float before = powerOfTwo(most - now), share = powerOfTwo(here - now);
    const float4 part = ((const float4*)(parts + at * WIDTH))[lane];
    most = now;
    total = total * before + sums[2 * at + 1] * share;
    o.x = o.x * before + part.x * share;
    o.y = o.y * before + part.y * share;
    o.z = o.z * before + part.z * share;
    o.w = o.w * before + part.w * share;
  }
  const int row = tile / queryTiles, head = row % heads, video = row / heads;
  uint2* to = (uint2*)(out + (((long long)video * queries + query) * heads + head) * WIDTH) + lane;
  *to = make_uint2(pair(o.x / total, o.y / total), pair(o.z / total, o.w / total));
}
