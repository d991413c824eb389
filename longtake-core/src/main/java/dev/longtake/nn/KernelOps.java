package dev.longtake.nn;

import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Kernel;
import dev.longtake.tensor.KernelChoice;
import dev.longtake.tensor.KernelLibrary;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Each step in one pass over memory, by kernels compiled for the GPU at hand ({@code kernels.cu}
 * beside this class). Where gradients are recorded the plain operators run: kernels have none.
 */
final class KernelOps implements FusedOps {
  private static final String SOURCE = "kernels.cu";
  private static final int GROUP = 8; // channels a thread takes at once
  private static final int WARP = 32;
  private static final int WARP_GROUPS = 6 * WARP; // a warp holds a row of so many groups
  private static final int WARP_THREADS = 128; // four rows a block
  private static final int WIDEST = 1024 * GROUP; // a wider row is one block's
  private static final int WIDEST_QUANTISED = 4 * WIDEST;
  private static final int PIXEL_GROUPS = 3; // most of one lane of a pixel
  private static final int WIDEST_PIXEL = PIXEL_GROUPS * WARP * GROUP;
  private static final int FLAT_BLOCKS = 8 * 132; // for work that strides over everything
  private static final int FLAT_THREADS = 256;

  private final LinearFormat format;
  private final PlainOps plain;
  private final Device device;
  private final KernelLibrary library;
  private final ByWidth normRotate;
  private final ByWidth addNorm;
  private final Kernel findMost;
  private final Kernel quantiseAll;
  private final ByWidth quantiseRows;
  private final Map<Integer, Kernel> channelNormSilu; // by lanes of a pixel
  private final Kernel addChannels;
  private final Kernel moveForward;
  private final @Nullable KeyAttention keyAttention; // on the GPUs that it is for

  /** A kernel on rows: one that gives each to a warp, one that gives each to a block. */
  private record ByWidth(Kernel narrow, Kernel wide) {
    static ByWidth of(KernelLibrary library, String name) {
      return new ByWidth(library.kernel(name), library.kernel(name + "_wide"));
    }

    /**
     * @param perThread groups that a thread of a block takes of a wide row
     */
    Kernel.Launch launch(long rows, long width, int perThread) {
      long groups = width / GROUP;
      int perBlock = WARP_THREADS / WARP;
      return groups <= WARP_GROUPS
          ? narrow.launch((rows + perBlock - 1) / perBlock, WARP_THREADS)
          : wide.launch(rows, threads((groups + perThread - 1) / perThread));
    }
  }

  private KernelOps(LinearFormat format, Device device, KernelLibrary library) {
    this.format = format;
    this.device = device;
    this.library = library;
    plain = new PlainOps(format);
    normRotate = ByWidth.of(library, "norm_rotate");
    addNorm = ByWidth.of(library, "add_norm");
    findMost = library.kernel("find_most");
    quantiseAll = library.kernel("quantise_all");
    quantiseRows = ByWidth.of(library, "quantise_rows");
    channelNormSilu = new TreeMap<>();
    for (int lanes : new int[] {4, 8, 16, WARP}) {
      channelNormSilu.put(lanes, library.kernel("channel_norm_silu_" + lanes));
    }
    addChannels = library.kernel("add_channels");
    moveForward = library.kernel("move_forward");
    keyAttention = KeyAttention.on(device);
  }

  static KernelOps on(LinearFormat format, Device device, Dtype dtype) {
    if (dtype != Dtype.BFLOAT16) {
      throw new IllegalArgumentException("kernels compute in BFLOAT16, not " + dtype);
    }
    var capability = device.computeCapability();
    if (Double.parseDouble(capability) < 8.9) {
      throw new IllegalArgumentException(
          device + " has compute capability " + capability + "; kernels need 8.9 or newer");
    }
    KernelChoice.tryConvolutions();
    var library = KernelLibrary.compile(SOURCE, source(SOURCE), device);
    try {
      return new KernelOps(format, device, library);
    } catch (RuntimeException | Error e) {
      library.close();
      throw e;
    }
  }

  /** A source beside this class. */
  static String source(String name) {
    try (var in = KernelOps.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing beside " + KernelOps.class);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Projection linear(Weights weights, long in, long out) {
    return format.linear(weights, in, out);
  }

  @Override
  public Projections linears(Weights weights, List<String> names, long in, long out) {
    return format.joined(weights, names, in, out);
  }

  @Override
  public Operand operand(Tensor x) {
    if (Gradients.recording() || format == LinearFormat.AS_STORED) {
      return plain.operand(x);
    }
    return quantised(x, false);
  }

  @Override
  public Operand modulated(LayerNorm norm, Tensor x, Modulation by) {
    return Gradients.recording()
        ? plain.modulated(norm, x, by)
        : carried(x, null, null, norm, by.scale(), by.shift(), 1).normed();
  }

  @Override
  public Carried gatedThenNormed(Tensor x, Tensor branch, Modulation by, LayerNorm norm) {
    var weight = norm.weight();
    var bias = norm.bias();
    return Gradients.recording() || weight == null || bias == null
        ? plain.gatedThenNormed(x, branch, by, norm)
        : carried(x, branch, by.gate(), norm, weight, bias, 0);
  }

  @Override
  public Carried addedThenModulated(Tensor x, Tensor branch, LayerNorm norm, Modulation by) {
    return Gradients.recording()
        ? plain.addedThenModulated(x, branch, norm, by)
        : carried(x, branch, null, norm, by.scale(), by.shift(), 1);
  }

  @Override
  public Tensor gated(Tensor x, Tensor branch, Modulation by) {
    if (Gradients.recording()) {
      return plain.gated(x, branch, by);
    }
    try (var scope = Scope.open()) {
      var sum = sumLike(x);
      var unread = by.gate();
      addNorm(x, branch, by.gate(), unread, unread, 1, sum, null, null, null, null, 0);
      return scope.keep(sum);
    }
  }

  /**
   * @param branch added to x first, if there is one, and the sum is a result
   * @param base what scale is added to: 1 for a modulation, 0 for an affine norm
   */
  private Carried carried(
      Tensor x,
      @Nullable Tensor branch,
      @Nullable Tensor gate,
      LayerNorm norm,
      Tensor scale,
      Tensor shift,
      int base) {
    try (var scope = Scope.open()) {
      var times = scale.to(Dtype.BFLOAT16);
      var plus = shift.to(Dtype.BFLOAT16);
      var sum = branch == null ? x : sumLike(x);
      var toSum = branch == null ? null : sum;
      double eps = norm.eps();
      var normed =
          switch (format) {
            case AS_STORED -> {
              var out = like(x);
              addNorm(x, branch, gate, times, plus, base, toSum, out, null, null, null, eps);
              yield Operand.of(out);
            }
            case FP8 -> {
              var out = like(x);
              var most = Tensor.zeros(Dtype.FLOAT32, device, 1);
              addNorm(x, branch, gate, times, plus, base, toSum, out, null, null, most, eps);
              yield underOneScale(out, most, false);
            }
            case FP8_ROWS -> {
              var out = Tensor.empty(Dtype.FLOAT8_E4M3, device, x.shape());
              var scales = Tensor.empty(Dtype.FLOAT32, device, rows(x), 1);
              addNorm(x, branch, gate, times, plus, base, toSum, null, out, scales, null, eps);
              yield new Operand(out, scales, Dtype.BFLOAT16);
            }
          };
      if (branch != null) {
        scope.keep(sum);
      }
      return new Carried(sum, normed.keptBy(scope));
    }
  }

  private void addNorm(
      Tensor x,
      @Nullable Tensor branch,
      @Nullable Tensor givenGate,
      Tensor givenScale,
      Tensor givenShift,
      int base,
      @Nullable Tensor sum,
      @Nullable Tensor normed,
      @Nullable Tensor eights,
      @Nullable Tensor scales,
      @Nullable Tensor most,
      double eps) {
    requireWidth(x, WIDEST);
    var gate = givenGate == null ? null : FrameVectors.even(givenGate, x);
    if (gate != null) {
      requireType(gate);
    }
    var scale = FrameVectors.even(givenScale, x);
    var shift = FrameVectors.even(givenShift, x);
    if (FrameVectors.stride(scale) != FrameVectors.stride(shift)) {
      throw new IllegalArgumentException("scale " + scale + " and shift " + shift + " differ");
    }
    addNorm
        .launch(rows(x), x.size(-1), 1)
        .tensor(packedSum(x))
        .tensor(branch == null ? null : packed(branch))
        .tensor(gate)
        .count(gate == null ? 0 : FrameVectors.stride(gate))
        .tensor(scale)
        .tensor(shift)
        .count(FrameVectors.stride(scale))
        .number(base)
        .tensor(sum)
        .tensor(normed)
        .tensor(eights)
        .tensor(scales)
        .tensor(most)
        .count(rows(x))
        .size(x.size(2))
        .size(x.size(-1))
        .number(eps)
        .go();
  }

  @Override
  public Operand gelu(Projection up, Operand x) {
    if (Gradients.recording()) {
      return plain.gelu(up, x);
    }
    try (var scope = Scope.open()) {
      return switch (up) {
        case Linear(var weight, var bias) when bias != null -> {
          var dtype = x.values().dtype();
          var hidden = Functional.linearGelu(x.rows(), weight.to(dtype), bias.to(dtype));
          yield Operand.of(hidden.reshape(x.shapeWith(weight.size(0)))).keptBy(scope);
        }
        case Linear unbiased -> plain.gelu(unbiased, x).keptBy(scope);
        case EightBitLinear eights -> quantised(eights.forward(x), true).keptBy(scope);
      };
    }
  }

  private Operand quantised(Tensor given, boolean activate) {
    try (var scope = Scope.open()) {
      var x = packed(given);
      requireWidth(x, WIDEST_QUANTISED);
      if (format == LinearFormat.FP8) {
        var most = Tensor.zeros(Dtype.FLOAT32, device, 1);
        findMost
            .launch(FLAT_BLOCKS, FLAT_THREADS)
            .tensor(x)
            .tensor(most)
            .count(x.count() / GROUP)
            .size(activate ? 1 : 0)
            .go();
        return underOneScale(x, most, activate).keptBy(scope);
      }
      var out = Tensor.empty(Dtype.FLOAT8_E4M3, device, x.shape());
      var scales = Tensor.empty(Dtype.FLOAT32, device, rows(x), 1);
      quantiseRows
          .launch(rows(x), x.size(-1), 4)
          .tensor(x)
          .tensor(out)
          .tensor(scales)
          .count(rows(x))
          .size(x.size(-1))
          .size(activate ? 1 : 0)
          .go();
      return new Operand(out, scales, Dtype.BFLOAT16).keptBy(scope);
    }
  }

  private Operand underOneScale(Tensor x, Tensor most, boolean activate) {
    var out = Tensor.empty(Dtype.FLOAT8_E4M3, device, x.shape());
    var scale = Tensor.empty(Dtype.FLOAT32, device, 1);
    quantiseAll
        .launch(FLAT_BLOCKS, FLAT_THREADS)
        .tensor(x)
        .tensor(most)
        .tensor(out)
        .tensor(scale)
        .count(x.count() / GROUP)
        .size(activate ? 1 : 0)
        .go();
    return new Operand(out, scale, Dtype.BFLOAT16);
  }

  @Override
  public Tensor byHead(RmsNorm norm, Tensor x, int heads) {
    if (Gradients.recording()) {
      return plain.byHead(norm, x, heads);
    }
    try (var scope = Scope.open()) {
      var raw = headed(x, heads);
      normRotate(norm, x, null, raw, null, raw);
      return scope.keep(raw);
    }
  }

  @Override
  public Tensor turnedAlone(RmsNorm norm, Tensor x, int heads, Rotary rotary) {
    if (Gradients.recording()) {
      return plain.turnedAlone(norm, x, heads, rotary);
    }
    try (var scope = Scope.open()) {
      var turned = headed(x, heads);
      normRotate(norm, x, rotary, null, turned, turned);
      return scope.keep(turned);
    }
  }

  @Override
  public Turned turned(RmsNorm norm, Tensor x, int heads, Rotary rotary) {
    if (Gradients.recording()) {
      return plain.turned(norm, x, heads, rotary);
    }
    try (var scope = Scope.open()) {
      var raw = headed(x, heads);
      var turned = headed(x, heads);
      normRotate(norm, x, rotary, raw, turned, raw);
      return new Turned(scope.keep(raw), scope.keep(turned));
    }
  }

  @Override
  public void turnedInto(RmsNorm norm, Tensor x, Rotary rotary, AttentionSpan.Place place) {
    try (var scope = Scope.open()) {
      normRotate(norm, x, rotary, place.raw(), place.turned(), place.turned());
    }
  }

  @Override
  public void copyInto(Tensor x, Tensor to) {
    try (var scope = Scope.open()) {
      normRotate(null, x, null, null, to, to);
    }
  }

  @Override
  public Tensor attended(Tensor q, Tensor k, Tensor v) {
    return keyAttention == null || Gradients.recording() || !KeyAttention.takes(q, k, v)
        ? plain.attended(q, k, v)
        : keyAttention.attend(q, k, v);
  }

  @Override
  public void turnInto(Tensor raw, Rotary rotary, Tensor turned) {
    if (Gradients.recording()) {
      plain.turnInto(raw, rotary, turned);
      return;
    }
    try (var scope = Scope.open()) {
      normRotate(null, raw.reshape(raw.size(0), raw.size(1), -1), rotary, null, turned, turned);
    }
  }

  /**
   * @param norm done first, if there is one
   * @param given its rows may have gaps between them
   * @param raw of the same strides as turned, if there are both
   * @param headed one of the results, for its heads
   */
  private void normRotate(
      @Nullable RmsNorm norm,
      Tensor given,
      @Nullable Rotary rotary,
      @Nullable Tensor raw,
      @Nullable Tensor turned,
      @Axes("B L H d") Tensor headed) {
    requireType(given);
    boolean even = rowsAreApart(given);
    var x = even ? given : given.contiguous();
    requireWidth(x, WIDEST);
    requireWidth(headed, WIDEST);
    normRotate
        .launch(rows(x), x.size(-1), 1)
        .tensor(x)
        .count(even ? x.stride(-2) : x.size(-1))
        .tensor(norm == null ? null : norm.weight().to(Dtype.BFLOAT16))
        .tensor(rotary == null ? null : rotary.rotation())
        .tensor(raw)
        .tensor(turned)
        .count(headed.stride(0))
        .count(rows(x))
        .size(headed.size(1))
        .size(x.size(-1))
        .size(headed.size(-1))
        .number(norm == null ? 0 : norm.eps())
        .go();
  }

  @Override
  public void moveForward(Tensor memory, Tensor frames, int to, int tokens) {
    long width = memory.size(2) * memory.size(3);
    if (Gradients.recording() || !memory.isContiguous() || width % GROUP != 0) {
      plain.moveForward(memory, frames, to, tokens);
      return;
    }
    requireType(memory);
    long groups = tokens * width / GROUP; // of a frame
    moveForward
        .launch((memory.size(0) * groups + FLAT_THREADS - 1) / FLAT_THREADS, FLAT_THREADS)
        .tensor(memory)
        .tensor(frames)
        .size(frames.size(1))
        .size(to)
        .count(groups)
        .count(memory.size(1) / tokens)
        .count(memory.size(0))
        .go();
  }

  @Override
  public Tensor normedSilu(ChannelNorm norm, Tensor given) {
    if (Gradients.recording()) {
      return plain.normedSilu(norm, given);
    }
    try (var scope = Scope.open()) {
      var out = like(given);
      normedSiluInto(norm, Biased.of(given), out);
      return scope.keep(out);
    }
  }

  @Override
  public void normedSiluInto(ChannelNorm norm, Biased given, Tensor out) {
    try (var scope = Scope.open()) {
      var x = packed(given.values());
      requireWidth(x, WIDEST_PIXEL);
      long width = x.size(-1);
      long pixels = rows(x);
      int lanes = 4;
      while (lanes * PIXEL_GROUPS * GROUP < width) {
        lanes *= 2;
      }
      int perBlock = FLAT_THREADS / lanes;
      Objects.requireNonNull(channelNormSilu.get(lanes))
          .launch((pixels + perBlock - 1) / perBlock, FLAT_THREADS)
          .tensor(x)
          .tensor(given.bias())
          .tensor(norm.gamma().reshape(-1).to(Dtype.BFLOAT16))
          .tensor(out)
          .count(out.stride(0))
          .count(pixels)
          .count(pixels / x.size(0))
          .size(width)
          .number(ChannelNorm.EPS)
          .go();
    }
  }

  @Override
  public boolean addsBiases() {
    return !Gradients.recording();
  }

  @Override
  public Tensor summed(Biased given, Tensor other) {
    if (Gradients.recording()) {
      return plain.summed(given, other);
    }
    try (var scope = Scope.open()) {
      var x = packed(given.values());
      requireWidth(x, WIDEST);
      var out = like(x);
      addChannels
          .launch(FLAT_BLOCKS, FLAT_THREADS)
          .tensor(x)
          .tensor(given.bias())
          .tensor(packed(other))
          .tensor(out)
          .count(x.count() / GROUP)
          .size(x.size(-1))
          .go();
      return scope.keep(out);
    }
  }

  private Tensor like(Tensor x) {
    return Tensor.empty(Dtype.BFLOAT16, device, x.shape());
  }

  private Tensor sumLike(Tensor x) {
    return Tensor.empty(Dtype.FLOAT32, device, x.shape());
  }

  private Tensor headed(Tensor x, int heads) {
    return Tensor.empty(
        Dtype.BFLOAT16, device, x.size(0), x.size(1) * x.size(2), heads, x.size(3) / heads);
  }

  /** In row-major order without gaps, and of the type that the kernels read. */
  private static Tensor packed(Tensor x) {
    requireType(x);
    return x.contiguous();
  }

  /**
   * Whether all rows are as far apart as the first two, as where several results lie side by side.
   */
  private static boolean rowsAreApart(Tensor x) {
    long apart = x.stride(-2);
    boolean even = x.stride(-1) == 1 && apart >= x.size(-1) && apart % GROUP == 0;
    for (int axis = x.rank() - 3; axis >= 0; axis--) {
      even &= x.size(axis) == 1 || x.stride(axis) == x.stride(axis + 1) * x.size(axis + 1);
    }
    return even;
  }

  /** The same for what branches are added to. */
  private static Tensor packedSum(Tensor x) {
    if (x.dtype() != Dtype.FLOAT32) {
      throw new IllegalArgumentException("kernels add branches to FLOAT32, not to " + x);
    }
    return x.contiguous();
  }

  private static void requireType(Tensor x) {
    if (x.dtype() != Dtype.BFLOAT16) {
      throw new IllegalArgumentException("kernels take BFLOAT16, not " + x);
    }
  }

  private static long rows(Tensor x) {
    return x.count() / x.size(-1);
  }

  /** Whole warps, with so many threads at least. */
  private static int threads(long least) {
    return Math.toIntExact((least + WARP - 1) / WARP * WARP);
  }

  private static void requireWidth(Tensor x, int widest) {
    long width = x.size(-1);
    if (width % GROUP != 0 || width > widest) {
      throw new IllegalArgumentException(
          "kernels take widths that are multiples of "
              + GROUP
              + " up to "
              + widest
              + ", not "
              + width
              + "; use plain operators");
    }
  }

  @Override
  public void close() {
    if (keyAttention != null) {
      keyAttention.close();
    }
    library.close();
  }
}
