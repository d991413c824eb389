package dev.longtake.eval;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.longtake.diffusion.FewStepSampler;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.LinearFormat;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.Arithmetic;
import dev.longtake.rollout.ChunkPart;
import dev.longtake.rollout.ChunkWatch;
import dev.longtake.rollout.Recall;
import dev.longtake.rollout.Rollout;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Functional;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Stopwatch;
import dev.longtake.tensor.Tensor;
import dev.longtake.vae.DecodeState;
import dev.longtake.vae.WanVae;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.WanTransformer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * How fast a published network is on this machine, without its files: random weights take as long
 * as trained ones. The transformer generates chunks with full memory, in every way of computing
 * there is; the autoencoder decodes a chunk; both together make videos.
 *
 * @param method the above in a sentence
 * @param machine on what
 * @param network which sizes
 * @param device on what part of the machine
 * @param dtype of weights and arithmetic
 * @param headline what it comes to; in JSON its keys stand beside the others
 * @param steps fused steps beside plain operators; none where there are no kernels
 * @param products a block's large products, one by one
 * @param chunks four denoising passes and the clean one, with memory full
 * @param decoding of a chunk to 12 pictures
 * @param videos one with the autoencoder, and one a quarter as long with the tiny decoder
 * @param convolutions of the autoencoder, solid and folded
 */
public record NetworkTimes(
    String method,
    Machine machine,
    String network,
    String device,
    String dtype,
    @JsonUnwrapped Headline headline,
    List<KernelTimes.Row> steps,
    List<ProductTimes.Row> products,
    List<Chunk> chunks,
    List<Decoding> decoding,
    List<NetworkVideo> videos,
    List<Convolution> convolutions) {

  private static final String METHOD =
      "Random weights and latents. Times are medians in milliseconds, by the GPU's own events where"
          + " there is one; steps and products are recorded 20 in a row there and replayed, so that no"
          + " call from Java is timed. A chunk is 3 latent frames: 4 denoising passes, 1 clean pass, and what"
          + " memory does between chunks, with 21 latent frames attended. flow_difference: of one"
          + " pass without memory to that of plain operators and layers as stored, relative."
          + " replay_difference: of the last chunk's latents to those without replay, relative."
          + " Videos: from noise to pictures in the processor's memory, without an MP4, in the"
          + " fastest arithmetic, replayed where it is fused, a chunk decoded while the next is"
          + " denoised on a GPU; the first 8 chunks do not count. The prompt is read by a token encoder of one"
          + " layer, so memory is that of transformer, remembered keys and values, and decoder."
          + " device_gib: what LibTorch holds of the GPU; resident_gib: VmRSS of the process; both"
          + " after 1, 2, 3 ... s of video. peak_gib: the most that tensors took during the video"
          + " with the autoencoder, on a processor the most resident.";

  private static final String REPLAYED = ", replayed"; // behind an arithmetic
  private static final int FRAMES = 3;
  private static final int WARM_UPS = 2;
  private static final int CHUNKS_TO_FILL = 30;
  private static final float[] TIMESTEPS = {1000, 937.5f, 833.3f, 625};
  private static final long SEED = 3;

  /** A way of computing: the arithmetic, and whether passes are replayed. */
  private record Way(Arithmetic arithmetic, boolean replayed) {
    static List<Way> on(Device device, Dtype dtype) {
      var ways = new ArrayList<Way>();
      for (var arithmetic : Arithmetic.values()) {
        if (arithmetic.runsOn(device, dtype)) {
          ways.add(new Way(arithmetic, false));
        }
      }
      if (device.kind() == Device.Kind.CUDA) {
        List.copyOf(ways).forEach(way -> ways.add(new Way(way.arithmetic, true)));
      }
      return ways;
    }

    String name() {
      return arithmetic + (replayed ? REPLAYED : "");
    }
  }

  /**
   * The numbers that others are compared by.
   *
   * @param chunkMsBf16 the fastest chunk with linear layers as stored: in bfloat16, unless another
   *     type was asked for
   * @param chunkMsFp8 the fastest chunk with linear layers in eight bits
   * @param fp8FlowDifference the largest of any arithmetic in eight bits, relative
   * @param vaeMsPer12Frames the fastest decoding by the autoencoder
   * @param fpsFullVae pictures a second, from noise, with the autoencoder
   * @param fpsTinyVae the same with the tiny decoder
   * @param peakGib the most memory while the first of these was made, 2^30 bytes
   */
  public record Headline(
      double chunkMsBf16,
      double chunkMsFp8,
      double fp8FlowDifference,
      @JsonProperty("vae_ms_per_12_frames") double vaeMsPer12Frames,
      double fpsFullVae,
      double fpsTinyVae,
      double peakGib) {

    static Headline of(List<Chunk> chunks, List<Decoding> decoding, List<NetworkVideo> videos) {
      var full = videos.getFirst();
      return new Headline(
          fastest(chunks, false),
          fastest(chunks, true),
          chunks.stream()
              .filter(Chunk::inEightBits)
              .mapToDouble(Chunk::flowDifference)
              .max()
              .orElseThrow(),
          decoding.stream().mapToDouble(Decoding::milliseconds).min().orElseThrow(),
          full.framesPerSecond(),
          videos.getLast().framesPerSecond(),
          full.peakGib());
    }

    private static double fastest(List<Chunk> chunks, boolean inEightBits) {
      return chunks.stream()
          .filter(chunk -> chunk.inEightBits() == inEightBits)
          .mapToDouble(Chunk::milliseconds)
          .min()
          .orElseThrow();
    }
  }

  /**
   * One way of generating a chunk.
   *
   * @param way arithmetic, and whether passes are replayed
   * @param milliseconds median
   * @param flowDifference of one pass, to plain operators and layers as stored
   * @param replayDifference of the last chunk's latents, to the same arithmetic without replay
   * @param recallMilliseconds of it making room and turning the past, mean; waiting for each part
   *     takes time too
   * @param denoiseMilliseconds of it the denoising passes
   * @param cleanMilliseconds of it the pass over the clean latents
   * @param rememberMilliseconds of it deciding what stays
   */
  public record Chunk(
      String way,
      double milliseconds,
      double flowDifference,
      double replayDifference,
      double recallMilliseconds,
      double denoiseMilliseconds,
      double cleanMilliseconds,
      double rememberMilliseconds) {
    private boolean inEightBits() {
      return way.contains("fp8");
    }
  }

  /** One way of decoding a chunk. */
  public record Decoding(String way, double milliseconds) {}

  /**
   * A convolution over time, rows and columns at one width of the decoder.
   *
   * @param channels in and out
   * @param solidMilliseconds as a three-dimensional convolution, channels last
   * @param foldedMilliseconds with the taps in time as channels of a flat one, joining them
   *     included
   */
  public record Convolution(int channels, double solidMilliseconds, double foldedMilliseconds) {}

  /** Copies the lists. */
  public NetworkTimes {
    steps = List.copyOf(steps);
    products = List.copyOf(products);
    chunks = List.copyOf(chunks);
    decoding = List.copyOf(decoding);
    videos = List.copyOf(videos);
    convolutions = List.copyOf(convolutions);
  }

  /**
   * Measures; a minute for Wan 1.3B on a GPU made for it, and as long as the videos take.
   *
   * @param runs how often each time is taken, at least 1
   * @param seconds of the video with the autoencoder, above 0
   */
  public static NetworkTimes measure(
      NetworkSize size, Device device, Dtype dtype, int runs, double seconds, Reporter reporter) {
    if (runs < 1) {
      throw new IllegalArgumentException("runs must be at least 1, not " + runs);
    }
    var steps = new ArrayList<KernelTimes.Row>();
    if (Arithmetic.FUSED.runsOn(device, dtype)) {
      for (var format : LinearFormat.values()) {
        try (var fused = FusedOps.kernels(format, device, dtype)) {
          steps.addAll(KernelTimes.measure(size, format, device, dtype, runs, fused));
        }
        reporter.say("steps of a block compared, " + format);
      }
    }
    var products = ProductTimes.measure(size, device, dtype, runs);
    reporter.say("products of a block timed");
    var chunks = new ArrayList<Chunk>();
    try (var scope = Scope.open()) {
      var unreplayed = new EnumMap<Arithmetic, OneWay.Made>(Arithmetic.class); // plain first
      for (var way : Way.on(device, dtype)) {
        var made = new OneWay(size, device, dtype, way).measure(runs);
        var same = unreplayed.computeIfAbsent(way.arithmetic, first -> made);
        var reference = unreplayed.getOrDefault(Arithmetic.PLAIN, made);
        var chunk =
            new Chunk(
                way.name(),
                made.milliseconds,
                KernelTimes.relative(made.flow, reference.flow),
                KernelTimes.relative(made.latents, same.latents),
                made.part(ChunkPart.RECALL),
                made.part(ChunkPart.DENOISE),
                made.part(ChunkPart.CLEAN),
                made.part(ChunkPart.REMEMBER));
        chunks.add(chunk);
        reporter.say(chunk.toString());
      }
    }
    var decoding = new ArrayList<Decoding>();
    for (var way : List.of(Arithmetic.PLAIN, Arithmetic.FUSED)) {
      if (way.runsOn(device, dtype)) {
        var took = new Decoding(way.toString(), decode(size, device, dtype, way, runs));
        decoding.add(took);
        reporter.say(took.toString());
      }
    }
    var convolutions = convolutions(size, device, dtype, runs);
    var quickest = Arithmetic.parse(quickest(chunks));
    var videos = NetworkVideo.both(size, device, dtype, quickest, seconds, reporter);
    return new NetworkTimes(
        METHOD,
        Machine.with(device),
        size.name(),
        device.toString(),
        dtype.name().toLowerCase(Locale.ROOT),
        Headline.of(chunks, decoding, videos),
        steps,
        products,
        chunks,
        decoding,
        videos,
        convolutions);
  }

  /** The arithmetic of the fastest chunk. */
  private static String quickest(List<Chunk> chunks) {
    return chunks.stream()
        .min(Comparator.comparingDouble(Chunk::milliseconds))
        .orElseThrow()
        .way()
        .replace(REPLAYED, "");
  }

  /** Generation in one way, on weights that are the same in every way. */
  private record OneWay(NetworkSize size, Device device, Dtype dtype, Way way) {
    record Made(double milliseconds, Map<ChunkPart, Double> parts, Tensor flow, Tensor latents) {
      double part(ChunkPart part) {
        return parts.getOrDefault(part, 0.0);
      }
    }

    Made measure(int runs) {
      try (var scope = Scope.open();
          var off = Gradients.off();
          var rng = Rng.seeded(SEED, device);
          var weights = Weights.from(new RandomWeights(rng, dtype));
          var ops = way.arithmetic().open(device, dtype)) {
        var model = WanTransformer.of(weights, size.wan(), ops);
        var memory = MemoryPolicies.CONTEXT_FORCING_REDUNDANT;
        try (var rollout =
                new Rollout(
                    model, memory, Recall.CACHED, size.rows(), size.columns(), dtype, device);
            var draws = Rng.seeded(SEED + 1, device);
            var prompt =
                model
                    .read(draws.normal(dtype, 1, size.wan().textLen(), size.wan().textDim()))
                    .escape()) {
          var flow = flow(model, draws, prompt);
          if (way.replayed()) {
            rollout.replayPasses();
          }
          var sampler = new FewStepSampler(TIMESTEPS);
          Supplier<Tensor> next =
              () -> rollout.next(prompt, prompt, 1, sampler, noise(draws), draws);
          Runnable chunk =
              () -> {
                var unused = next.get();
              };
          for (int i = 0;
              i < CHUNKS_TO_FILL && rollout.plan(FRAMES).attended() < memory.capacity();
              i++) {
            try (var each = Scope.open()) {
              rollout.remember(noise(draws), prompt);
            }
          }
          double took = Stopwatch.on(device).median(WARM_UPS, runs, chunk);
          var parts = parts(rollout, runs, chunk);
          return new Made(took, parts, scope.keep(flow), scope.keep(next.get()));
        }
      }
    }

    private Map<ChunkPart, Double> parts(Rollout rollout, int runs, Runnable chunk) {
      var clock = new PartClock(device);
      rollout.watchedBy(clock);
      for (int run = 0; run < runs; run++) {
        try (var each = Scope.open()) {
          device.synchronize();
          clock.begin();
          chunk.run();
        }
      }
      rollout.watchedBy(ChunkWatch.NONE);
      var parts = new EnumMap<ChunkPart, Double>(ChunkPart.class);
      for (var part : ChunkPart.values()) {
        parts.put(part, clock.seconds(part) * 1000 / runs);
      }
      return parts;
    }

    private Tensor flow(WanTransformer model, Rng draws, Prompt prompt) {
      try (var scope = Scope.open()) {
        var latents = noise(draws).to(dtype);
        var timesteps = Tensor.full(700, Dtype.FLOAT32, device, 1, FRAMES);
        int[] positions = {0, 1, 2};
        return scope.keep(model.forward(latents, timesteps, positions, prompt).to(Dtype.FLOAT32));
      }
    }

    private Tensor noise(Rng draws) {
      return draws.normal(
          Dtype.FLOAT32, 1, size.wan().inDim(), FRAMES, size.rows(), size.columns());
    }
  }

  private static double decode(
      NetworkSize size, Device device, Dtype dtype, Arithmetic way, int runs) {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var rng = Rng.seeded(SEED, device);
        var weights = Weights.from(new RandomWeights(rng, dtype));
        var ops = way.open(device, dtype);
        var vae = WanVae.of(size.vae(), weights, ops);
        var state = DecodeState.start()) {
      var latents =
          rng.normal(Dtype.FLOAT32, 1, size.vae().zDim(), FRAMES, size.rows(), size.columns())
              .to(dtype);
      return Stopwatch.on(device)
          .median(
              WARM_UPS,
              runs,
              () -> {
                var unused = vae.decode(latents, state);
              });
    }
  }

  private static List<Convolution> convolutions(
      NetworkSize size, Device device, Dtype dtype, int runs) {
    var out = new ArrayList<Convolution>();
    int[] multipliers = {1, 2, 4};
    int[] sides = {8, 4, 2};
    for (int i = 0; i < multipliers.length; i++) {
      try (var scope = Scope.open();
          var off = Gradients.off();
          var rng = Rng.seeded(SEED, device)) {
        int channels = size.vae().dim() * multipliers[i];
        long rows = (long) size.rows() * sides[i];
        long columns = (long) size.columns() * sides[i];
        var x = rng.normal(Dtype.FLOAT32, 1, 6, rows, columns, channels).to(dtype);
        var solid = rng.normal(Dtype.FLOAT32, channels, channels, 3, 3, 3).to(dtype).channelsLast();
        var flat =
            rng.normal(Dtype.FLOAT32, channels, 3L * channels, 3, 3).to(dtype).channelsLast();
        long[] one = {1, 1};
        long[] ones = {1, 1, 1};
        long[] padding = {0, 1, 1};
        var watch = Stopwatch.on(device);
        double asSolid =
            watch.median(
                WARM_UPS,
                runs,
                () -> Functional.conv3d(x.permute(0, 4, 1, 2, 3), solid, null, ones, padding));
        double asFlat =
            watch.median(
                WARM_UPS,
                runs,
                () -> {
                  var taps =
                      Tensor.cat(
                          List.of(x.narrow(1, 0, 4), x.narrow(1, 1, 4), x.narrow(1, 2, 4)), -1);
                  var pictures = taps.reshape(4, rows, columns, 3L * channels).permute(0, 3, 1, 2);
                  var unused = Functional.conv2d(pictures, flat, null, one, one);
                });
        out.add(new Convolution(channels, asSolid, asFlat));
      }
    }
    return out;
  }
}
