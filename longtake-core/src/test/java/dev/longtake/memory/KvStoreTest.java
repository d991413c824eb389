package dev.longtake.memory;

import static dev.longtake.testkit.TensorAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.longtake.nn.AttentionSpan;
import dev.longtake.nn.FusedOps;
import dev.longtake.nn.Recomputed;
import dev.longtake.nn.Rotary;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.Rng;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.testkit.LeakGuard;
import dev.longtake.wan.CausalMasks;
import dev.longtake.wan.Prompt;
import dev.longtake.wan.TinyWan;
import dev.longtake.wan.WanTransformer;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakGuard.class)
class KvStoreTest {
  private static final int LAYERS = TinyWan.CONFIG.numLayers();
  private static final int PATCHES = 4;
  private static final KvStore.Geometry GEOMETRY =
      new KvStore.Geometry(LAYERS, 2, 2, TinyWan.CONFIG.headDim());

  private static TinyWan tiny;

  @BeforeAll
  static void build() {
    tiny = TinyWan.drawn(1);
  }

  @AfterAll
  static void close() {
    tiny.close();
  }

  @Test
  void generationWithAFullCacheEqualsOnePassWithABlockCausalMask() {
    int block = 2;
    int frames = 4 * block;
    try (var scope = Scope.open();
        var off = Gradients.off();
        var store = new KvStore(GEOMETRY, Device.CPU)) {
      var latents = latents(2, frames);
      var mask = CausalMasks.blockCausal(frames, block, PATCHES, Device.CPU);
      var whole =
          tiny.model()
              .forward(
                  latents,
                  Tensor.zeros(Dtype.FLOAT32, Device.CPU, 2, frames),
                  IntStream.range(0, frames).toArray(),
                  prompt(2),
                  i -> AttentionSpan.masked(mask),
                  frames);
      var policy = new FullMemory();
      var held = Held.empty();
      for (int start = 0; start < frames; start += block) {
        var plan = policy.plan(held, block);
        store.begin(plan);
        store.record();
        var flow = pass(latents.narrow(2, start, block), 0, plan, store::layer);
        assertThat(flow).isCloseTo(whole.narrow(2, start, block), 1e-5);
        store.commit(start, false);
        held = policy.remember(held, plan, store.similarity());
      }
    }
  }

  @Test
  void aPassHasItsGradientsAlsoIfItIsRunAgainAfterTheVideoWentOn() {
    try (var scope = Scope.open();
        var own = TinyWan.drawn(7);
        var pass = Recomputed.start()) {
      var direct = gradients(own, own.model(), Tensor::backward);
      var again = gradients(own, own.model().through(pass), pass::backward);
      assertThat(again).isBitwiseEqualTo(direct);
      assertThat(direct.abs().max().item()).isPositive();
    }
  }

  /** Of the second of three chunks, found after the third was planned. */
  private static Tensor gradients(TinyWan own, WanTransformer model, Consumer<Tensor> backward) {
    try (var scope = Scope.open();
        var store = new KvStore(GEOMETRY, Device.CPU)) {
      var policy = new FullMemory();
      var held = Held.empty();
      var weights = own.weights().taken().values();
      weights.forEach(weight -> weight.requireGradient(true));
      Tensor loss = Tensor.zeros(Dtype.FLOAT32, Device.CPU);
      for (int chunk = 0; chunk < 2; chunk++) {
        var plan = policy.plan(held, 2);
        store.begin(plan);
        store.record();
        try (var mode = chunk == 0 ? Gradients.off() : Gradients.on()) {
          var time = Tensor.full(500, Dtype.FLOAT32, Device.CPU, 1, 2);
          var prompt = model.read(own.states());
          var flow =
              model.forward(
                  latents(chunk, 2), time, plan.chunkPositions(), prompt, store::layer, 2);
          loss = flow.square().mean();
        }
        store.commit(2 * chunk, false);
        held = policy.remember(held, plan, store.similarity());
      }
      store.begin(policy.plan(held, 2));
      backward.accept(loss);
      return scope.keep(
          Tensor.cat(
              weights.stream()
                  .filter(Tensor::hasGradient)
                  .map(
                      weight -> {
                        var found = weight.gradient().copy().reshape(-1);
                        weight.gradient().fill(0);
                        return found;
                      })
                  .toList(),
              0));
    }
  }

  @Test
  void everySlotHoldsTheRawKeysOfTheFrameThatThePlanSays() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var book = new Book(MEMORY)) {
      int attended = 0;
      for (int chunk = 0; chunk < 20; chunk++) {
        var plan = book.chunk(chunk);
        var frames = plan.past().stream().map(Slot::frame).toList();
        assertThat(book.heldBeforeCommit).as("chunk " + chunk).isEqualTo(frames);
        attended = plan.attended();
      }
      assertThat(attended).isEqualTo(MEMORY.capacity());
    }
  }

  @Test
  void similarityIsTheCosineOfMeanRawKeysOverAllLayersAndHeads() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var book = new Book(MEMORY)) {
      for (int chunk = 0; chunk < 6; chunk++) {
        book.chunk(chunk);
      }
      var frames = book.store.frames();
      var keys = book.store.similarity();
      for (int a : frames) {
        for (int b : frames) {
          double expected = cosine(book.mean(List.of(a)), book.mean(List.of(b)));
          assertThat(keys.between(a, b)).as(a + " and " + b).isEqualTo(expected, within(1e-5));
        }
      }
      int last = frames.getLast();
      assertThat(keys.between(new FrameRange(last - 1, last + 1), new FrameRange(0, 2)))
          .isEqualTo(
              cosine(book.mean(List.of(last - 1, last)), book.mean(List.of(0, 1))), within(1e-5));
      assertThat(keys.between(last, last)).isEqualTo(1, within(1e-9));
      assertThatThrownBy(() -> keys.between(0, 999))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("no mean key of frame 999 is held");
    }
  }

  @Test
  void memoryUseDoesNotGrowWithTheVideo() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var store = new KvStore(GEOMETRY, Device.CPU)) {
      var handles = new ArrayList<Long>();
      var held = Held.empty();
      for (int chunk = 0; chunk < 40; chunk++) {
        try (var inner = Scope.open()) {
          var plan = MEMORY.plan(held, 2);
          store.begin(plan);
          pass(latents(chunk, 2), 500, plan, store::layer);
          store.record();
          pass(latents(chunk, 2), 0, plan, store::layer);
          store.commit(held.frames(), true);
          held = MEMORY.remember(held, plan, store.similarity());
        }
        handles.add(NativeMemory.liveHandles());
      }
      assertThat(handles.subList(10, 40)).containsOnly(handles.get(10));
    }
  }

  @Test
  void aDenoisingPassLeavesNothingBehind() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var book = new Book(MEMORY)) {
      for (int chunk = 0; chunk < 4; chunk++) {
        book.chunk(chunk);
      }
      var plan = MEMORY.plan(book.held, 2);
      book.store.begin(plan);
      var first = pass(latents(9, 2), 800, plan, book.store::layer);
      var keys = book.store.keys(1);
      pass(latents(10, 2), 400, plan, book.store::layer);
      assertThat(pass(latents(9, 2), 800, plan, book.store::layer)).isBitwiseEqualTo(first);
      assertThat(book.store.keys(1)).isBitwiseEqualTo(keys);
    }
  }

  @Test
  void aSpanThatLastsSeesItsPastWhateverLaterPlansMove() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var book = new Book(MEMORY)) {
      int chunk = 0;
      while (MEMORY.plan(book.held, 2).attended() < MEMORY.capacity()) {
        book.chunk(chunk++);
      }
      var plan = MEMORY.plan(book.held, 2);
      book.store.begin(plan);
      var owned = new ArrayList<Tensor>();
      List<AttentionSpan> spans =
          IntStream.range(0, LAYERS)
              .mapToObj(i -> book.store.layer(i).lasting(owned::add))
              .toList();
      var first = pass(latents(9, 2), 800, plan, book.store::layer);
      for (int later = 0; later < 4; later++) {
        book.chunk(chunk++);
      }
      assertThat(pass(latents(9, 2), 800, plan, book.store::layer).toFloats())
          .isNotEqualTo(first.toFloats());
      assertThat(pass(latents(9, 2), 800, plan, spans::get)).isCloseTo(first, 1e-6);
      owned.forEach(Tensor::close);
    }
  }

  @Test
  void aPastStaysWhatItWasAndTellsAnotherPassTheSame() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var book = new Book(MEMORY)) {
      int chunk = 0;
      while (MEMORY.plan(book.held, 2).attended() < MEMORY.capacity()) {
        book.chunk(chunk++);
      }
      var plan = MEMORY.plan(book.held, 2);
      book.store.begin(plan);
      var first = pass(latents(9, 2), 800, plan, book.store::layer);
      try (var past = book.store.past();
          var shared = past.shared()) {
        var owned = new ArrayList<Tensor>();
        List<AttentionSpan> spans =
            IntStream.range(0, LAYERS).mapToObj(i -> past.layer(i).lasting(owned::add)).toList();
        for (int later = 0; later < 4; later++) {
          book.chunk(chunk++);
        }
        assertThat(pass(latents(9, 2), 800, plan, past::layer)).isCloseTo(first, 1e-6);
        past.close();
        assertThat(pass(latents(9, 2), 800, plan, shared::layer)).isCloseTo(first, 1e-6);
        shared.close();
        assertThat(pass(latents(9, 2), 800, plan, spans::get)).isCloseTo(first, 1e-6);
        owned.forEach(Tensor::close);
      }
    }
  }

  @Test
  void tokensWrittenToTheirPlaceAreSeenAndRememberedAsThoseThatAreGiven() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var written = new KvStore(GEOMETRY, Device.CPU);
        var given = new KvStore(GEOMETRY, Device.CPU)) {
      var held = Held.empty();
      for (int chunk = 0; chunk < 9; chunk++) {
        var plan = MEMORY.plan(held, 2);
        written.begin(plan);
        given.begin(plan);
        for (boolean recorded : new boolean[] {false, true}) {
          if (recorded) {
            written.record();
            given.record();
          }
          int asked = 0;
          for (int i = 0; i < LAYERS; i++) {
            if (written.layer(i).claim(plan.chunkFrames() * GEOMETRY.tokens()).isPresent()) {
              asked++;
            }
          }
          assertThat(asked).isEqualTo(chunk > 0 ? LAYERS : 0);
          int noise = recorded ? 0 : 700;
          var placed = pass(latents(chunk, 2), noise, plan, written::layer);
          var attended = pass(latents(chunk, 2), noise, plan, layer -> attending(given, layer));
          assertThat(placed).isBitwiseEqualTo(attended);
        }
        written.commit(held.frames(), true);
        given.commit(held.frames(), true);
        for (int i = 0; i < LAYERS; i++) {
          assertThat(written.keys(i)).isBitwiseEqualTo(given.keys(i));
          assertThat(written.values(i)).isBitwiseEqualTo(given.values(i));
        }
        held = MEMORY.remember(held, plan, written.similarity());
      }
    }
  }

  @Test
  void whereGradientsMayFlowNothingIsWrittenToAPlace() {
    try (var scope = Scope.open();
        var book = new Book(MEMORY)) {
      try (var off = Gradients.off()) {
        book.chunk(0);
        book.chunk(1);
      }
      book.store.begin(MEMORY.plan(book.held, 2));
      assertThat(book.store.layer(0).claim(2L * GEOMETRY.tokens())).isEmpty();
    }
  }

  /** A layer of a store that is given keys and values, and offers no place for them. */
  private static AttentionSpan attending(KvStore store, int layer) {
    return (q, k, rawK, v) -> store.layer(layer).attend(q, k, rawK, v);
  }

  @Test
  void tokensKeptFromOutsideAreThoseThatAPassWouldHaveRecorded() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var recorded = new Book(MEMORY);
        var told = new Book(MEMORY)) {
      for (int chunk = 0; chunk < 7; chunk++) { // also while memory fills
        recorded.chunk(chunk);
        var plan = MEMORY.plan(told.held, 2);
        told.store.begin(plan);
        assertThatThrownBy(() -> told.store.keep(0, latents(1, 2), latents(1, 2)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessage("keep comes after record");
        try (var past = told.store.past()) {
          told.store.record();
          pass(latents(chunk, 2), 0, plan, layer -> telling(told.store, layer, past));
          told.store.commit(told.held.frames(), true);
        }
        told.held = MEMORY.remember(told.held, plan, told.store.similarity());
        assertThat(told.store.frames()).isEqualTo(recorded.store.frames());
        for (int layer = 0; layer < LAYERS; layer++) {
          assertThat(told.store.keys(layer)).isCloseTo(recorded.store.keys(layer), 1e-6);
          assertThat(told.store.values(layer)).isCloseTo(recorded.store.values(layer), 1e-6);
        }
      }
    }
  }

  @Test
  void aPassThatPredictsNothingLeavesTheSameKeysAndValues() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var whole = new Book(MEMORY);
        var brief = new Book(MEMORY)) {
      for (int chunk = 0; chunk < 7; chunk++) { // also while memory fills
        whole.chunk(chunk);
        var plan = MEMORY.plan(brief.held, 2);
        brief.store.begin(plan);
        brief.store.record();
        var clean = Tensor.zeros(Dtype.FLOAT32, Device.CPU, 1, 2);
        var latents = latents(chunk, 2);
        var rotary = tiny.model().rotary(plan.chunkPositions(), 4, 4, Device.CPU);
        tiny.model().leave(latents, clean, rotary, prompt(1), brief.store::layer);
        brief.store.commit(brief.held.frames(), true);
        brief.held = MEMORY.remember(brief.held, plan, brief.store.similarity());
        assertThat(brief.store.frames()).isEqualTo(whole.store.frames());
        for (int layer = 0; layer < LAYERS; layer++) {
          assertThat(brief.store.keys(layer)).isBitwiseEqualTo(whole.store.keys(layer));
          assertThat(brief.store.values(layer)).isBitwiseEqualTo(whole.store.values(layer));
        }
      }
    }
  }

  private static AttentionSpan telling(KvStore store, int layer, KvPast past) {
    return (q, k, rawK, v) -> {
      store.keep(layer, rawK, v);
      return past.layer(layer).attend(q, k, rawK, v);
    };
  }

  @Test
  void withoutItsPastAPassSeesItselfOnly() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var book = new Book(MEMORY)) {
      book.chunk(0);
      book.chunk(1);
      var plan = MEMORY.plan(book.held, 2);
      book.store.begin(plan);
      var alone = pass(latents(9, 2), 800, plan, i -> AttentionSpan.FULL);
      assertThat(pass(latents(9, 2), 800, plan, book.store::layer).toFloats())
          .isNotEqualTo(alone.toFloats());
      book.store.empty();
      assertThat(pass(latents(9, 2), 800, plan, book.store::layer)).isBitwiseEqualTo(alone);
      assertThat(book.store.frames()).isEmpty();
      assertThatThrownBy(() -> book.store.begin(plan)).hasMessageContaining("which is not held");
    }
  }

  @Test
  void aPlanForAnotherStateIsRefusedAndChangesNothing() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var book = new Book(MEMORY)) {
      book.chunk(0);
      book.chunk(1);
      var before = book.store.frames();
      var foreign = new Plan(List.of(new Slot(77, Region.FAST)), new int[] {0}, new int[] {1, 2});
      assertThatThrownBy(() -> book.store.begin(foreign))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the plan attends frame 77, which is not held");
      assertThat(book.store.frames()).isEqualTo(before);
    }
  }

  @Test
  void videosOfABatchHaveAPlanEachAndTheSamePositions() {
    try (var store = new KvStore(GEOMETRY, Device.CPU, FusedOps.plain(), 2, 0)) {
      var early = new Plan(List.of(), new int[0], new int[] {0, 1});
      var late = new Plan(List.of(), new int[0], new int[] {2, 3});
      assertThatThrownBy(() -> store.begin(early))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("1 videos do not fit a memory of 2");
      assertThatThrownBy(() -> store.begin(List.of(early, late)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("cannot share a batch");
      store.begin(List.of(early, early));
    }
  }

  @Test
  void aPassThatWasNotRecordedCannotBeCommitted() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var store = new KvStore(GEOMETRY, Device.CPU)) {
      var plan = MEMORY.plan(Held.empty(), 2);
      store.begin(plan);
      pass(latents(1, 2), 0, plan, store::layer);
      assertThatThrownBy(() -> store.commit(0, true))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no pass was recorded");
      // A recorded pass that was given up is not committed in another's place.
      store.record();
      pass(latents(1, 2), 0, plan, store::layer);
      store.begin(plan);
      assertThatThrownBy(() -> store.commit(0, true)).isInstanceOf(IllegalStateException.class);
      store.record();
      pass(latents(1, 2), 0, plan, store::layer);
      assertThatThrownBy(() -> store.commit(List.of(List.of(0, 1, 2)), true))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("3 numbers do not fit a pass of 2 frames");
      store.commit(List.of(List.of(4, 9)), true);
      assertThat(store.frames()).containsExactly(4, 9);
    }
  }

  @Test
  void aStoreThatFailsHalfWayFreesWhatItHoldsAndIsNotGoneOnWith() {
    try (var scope = Scope.open();
        var off = Gradients.off();
        var store = new KvStore(GEOMETRY, Device.CPU, failingAtTurn(LAYERS + 2))) {
      chunkOfTwo(store, MEMORY.plan(Held.empty(), 2), 0);
      store.begin(planOf(0, 1)); // turns the keys of every layer once

      assertThatThrownBy(() -> store.begin(planOf(1))) // and fails at the second layer's
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("no turn any more");
      assertNothingCanFollow(store);
    }
  }

  private static void chunkOfTwo(KvStore store, Plan plan, int first) {
    store.begin(plan);
    store.record();
    pass(latents(first, 2), 0, plan, store::layer);
    store.commit(first, true);
  }

  private static Plan planOf(int... frames) {
    var slots = Arrays.stream(frames).mapToObj(frame -> new Slot(frame, Region.FAST)).toList();
    int[] positions = IntStream.range(0, frames.length).toArray();
    return new Plan(slots, positions, new int[] {frames.length, frames.length + 1});
  }

  private static void assertNothingCanFollow(KvStore store) {
    assertThatThrownBy(() -> store.begin(planOf(0)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("failed half way; start the video again");
    assertThatThrownBy(() -> store.commit(0, true)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> store.layer(0)).isInstanceOf(IllegalStateException.class);
  }

  /** Plain operators whose turns of kept keys fail from the given one on, counted from 1. */
  private static FusedOps failingAtTurn(int number) {
    var plain = FusedOps.plain();
    var turns = new AtomicInteger();
    return (FusedOps)
        Proxy.newProxyInstance(
            KvStoreTest.class.getClassLoader(),
            new Class<?>[] {FusedOps.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("turnInto") && turns.incrementAndGet() >= number) {
                throw new IllegalStateException("no turn any more");
              }
              return method.invoke(plain, arguments);
            });
  }

  /** Two frames of sink, three of slow and four of fast memory. */
  private static final SlowFast MEMORY =
      new SlowFast(2, 3, 4, SlowFast.ALWAYS, 1, Eviction.REDUNDANT);

  /**
   * Generates chunks of two frames and keeps its own books of every frame's raw keys and values.
   */
  private static final class Book implements AutoCloseable {
    final KvStore store = new KvStore(GEOMETRY, Device.CPU);
    final SlowFast policy;
    final List<Map<Integer, Tensor>> keys = new ArrayList<>();
    final List<Map<Integer, Tensor>> values = new ArrayList<>();
    Held held = Held.empty();
    List<Integer> heldBeforeCommit = List.of();

    Book(SlowFast policy) {
      this.policy = policy;
      for (int i = 0; i < LAYERS; i++) {
        keys.add(new TreeMap<>());
        values.add(new TreeMap<>());
      }
    }

    Plan chunk(int number) {
      var plan = policy.plan(held, 2);
      store.begin(plan);
      pass(latents(number, 2), 600, plan, layer -> checked(layer, plan));
      heldBeforeCommit = store.frames();
      store.record();
      pass(latents(number, 2), 0, plan, layer -> noted(layer, plan));
      store.commit(held.frames(), true);
      held = policy.remember(held, plan, store.similarity());
      return plan;
    }

    /** The store's attention, compared with attention to the books. */
    private AttentionSpan checked(int layer, Plan plan) {
      return (q, k, rawK, v) -> {
        var out = store.layer(layer).attend(q, k, rawK, v);
        if (!plan.past().isEmpty()) {
          var pastKeys = joined(keys.get(layer), plan);
          assertThat(store.keys(layer)).isBitwiseEqualTo(pastKeys);
          var rotary = Rotary.at(plan.pastPositions(), 2, 2, TinyWan.CONFIG.headDim(), Device.CPU);
          var allKeys = Tensor.cat(List.of(rotary.apply(pastKeys), k), 1);
          var allValues = Tensor.cat(List.of(joined(values.get(layer), plan), v), 1);
          assertThat(out).isCloseTo(AttentionSpan.attend(q, allKeys, allValues), 1e-6);
        }
        return out;
      };
    }

    private AttentionSpan noted(int layer, Plan plan) {
      return (q, k, rawK, v) -> {
        for (int i = 0; i < 2; i++) {
          var key = rawK.narrow(1, (long) i * PATCHES, PATCHES).copy();
          var value = v.narrow(1, (long) i * PATCHES, PATCHES).copy();
          keys.get(layer).put(held.frames() + i, Scope.escape(key));
          values.get(layer).put(held.frames() + i, Scope.escape(value));
        }
        return checked(layer, plan).attend(q, k, rawK, v);
      };
    }

    private static Tensor joined(Map<Integer, Tensor> byFrame, Plan plan) {
      return Tensor.cat(plan.past().stream().map(slot -> byFrame.get(slot.frame())).toList(), 1);
    }

    /** Mean raw key of some frames, all layers one after the other. */
    double[] mean(List<Integer> frames) {
      var out = new ArrayList<Double>();
      for (var layer : keys) {
        float[] mean = Tensor.cat(frames.stream().map(layer::get).toList(), 1).mean(1).toFloats();
        for (float value : mean) {
          out.add((double) value);
        }
      }
      return out.stream().mapToDouble(Double::doubleValue).toArray();
    }

    @Override
    public void close() {
      store.close();
      keys.forEach(layer -> layer.values().forEach(Tensor::close));
      values.forEach(layer -> layer.values().forEach(Tensor::close));
    }
  }

  private static double cosine(double[] a, double[] b) {
    double product = IntStream.range(0, a.length).mapToDouble(i -> a[i] * b[i]).sum();
    double norms = Arrays.stream(a).map(x -> x * x).sum() * Arrays.stream(b).map(x -> x * x).sum();
    return product / Math.sqrt(norms);
  }

  private static Tensor pass(
      Tensor latents, double timestep, Plan plan, IntFunction<AttentionSpan> spans) {
    int frames = plan.chunkFrames();
    long batch = latents.size(0);
    return tiny.model()
        .forward(
            latents,
            Tensor.full(timestep, Dtype.FLOAT32, Device.CPU, batch, frames),
            plan.chunkPositions(),
            prompt(batch),
            spans,
            frames);
  }

  private static Prompt prompt(long batch) {
    return tiny.model().read(tiny.states().expand(batch, -1, -1));
  }

  private static Tensor latents(long seed, int frames) {
    try (var scope = Scope.open();
        var rng = Rng.seeded(seed, Device.CPU)) {
      long batch = frames > 2 ? 2 : 1;
      return scope.keep(rng.normal(Dtype.FLOAT32, batch, TinyWan.CHANNELS, frames, 4, 4));
    }
  }
}
