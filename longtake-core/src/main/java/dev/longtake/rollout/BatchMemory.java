package dev.longtake.rollout;

import dev.longtake.memory.KvPast;
import dev.longtake.memory.Plan;
import dev.longtake.nn.AttentionSpan;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import dev.longtake.wan.Prompt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Memories of several videos that go on together: each decides for itself what it holds, as it
 * would alone, and attention is over all of them at once.
 */
final class BatchMemory implements ActiveMemory {
  private final List<PlannedMemory> videos;
  private @Nullable KvPast past; // of all videos, for the chunk in work
  private boolean recording;

  /**
   * Of such memories.
   *
   * @param videos one for each video, empty, at least one
   */
  BatchMemory(List<PlannedMemory> videos) {
    this.videos = List.copyOf(videos);
  }

  List<Plan> plans(int chunkFrames) {
    return videos.stream().map(video -> video.plan(chunkFrames)).toList();
  }

  @Override
  public int frames() {
    return videos.getFirst().frames();
  }

  @Override
  public int[] begin(int chunkFrames, Prompt prompt) {
    recording = false;
    requireSamePositions(plans(chunkFrames));
    var each = new ArrayList<KvPast>();
    int[] positions = {};
    for (int i = 0; i < videos.size(); i++) {
      try (var scope = Scope.open()) {
        positions = videos.get(i).begin(chunkFrames, prompt.sample(i));
      }
      each.add(videos.get(i).past());
    }
    dropPast();
    past = KvPast.batched(each);
    each.forEach(KvPast::close);
    return positions;
  }

  private static void requireSamePositions(List<Plan> plans) {
    var first = plans.getFirst();
    for (var plan : plans) {
      if (!Arrays.equals(plan.pastPositions(), first.pastPositions())
          || !Arrays.equals(plan.chunkPositions(), first.chunkPositions())) {
        throw new IllegalArgumentException(
            "videos whose frames stand at "
                + Arrays.toString(first.pastPositions())
                + " and at "
                + Arrays.toString(plan.pastPositions())
                + " cannot share a batch; roll them out one by one, or with positions by slot");
      }
    }
  }

  @Override
  public AttentionSpan layer(int index) {
    return new Layer(index, begun().layer(index));
  }

  private final class Layer implements AttentionSpan {
    private final int index;
    private final AttentionSpan seen;

    Layer(int index, AttentionSpan seen) {
      this.index = index;
      this.seen = seen;
    }

    @Override
    public Tensor attend(Tensor q, Tensor k, Tensor rawK, Tensor v) {
      if (recording) {
        for (int i = 0; i < videos.size(); i++) {
          try (var scope = Scope.open()) {
            videos.get(i).store().keep(index, rawK.narrow(0, i, 1), v.narrow(0, i, 1));
          }
        }
      }
      return seen.attend(q, k, rawK, v);
    }

    /** The past of all; nothing is recorded. */
    @Override
    public AttentionSpan lasting(Consumer<Tensor> owner) {
      return seen.lasting(owner);
    }
  }

  @Override
  public KvPast past() {
    return begun().shared();
  }

  private KvPast begun() {
    if (past == null) {
      throw new IllegalStateException("there is no past before begin");
    }
    return past;
  }

  @Override
  public void checkGuidance(double guidance) {}

  @Override
  public void beforeCleanPass() {
    recording = true;
    videos.forEach(PlannedMemory::beforeCleanPass);
  }

  @Override
  public void remember(Tensor clean) {
    recording = false;
    for (int i = 0; i < videos.size(); i++) {
      try (var scope = Scope.open()) {
        videos.get(i).remember(clean.narrow(0, i, 1));
      }
    }
  }

  @Override
  public void onSwitch(PromptSwitch how) {
    videos.forEach(video -> video.onSwitch(how));
  }

  private void dropPast() {
    if (past != null) {
      past.close();
      past = null;
    }
  }

  @Override
  public void close() {
    dropPast();
    videos.forEach(PlannedMemory::close);
  }
}
