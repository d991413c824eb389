package dev.longtake.distill;

import dev.longtake.memory.Slot;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.tensor.Axes;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Scope;
import dev.longtake.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a teacher or critic is shown of a rollout: the judged window, its last frames, and what it
 * follows. Frames stand at positions 0 up, context first.
 *
 * @param sight what kind of model looks
 * @param context which earlier frames it is shown
 * @param contextFrames how many at most, for {@link ContextKind#CONTIGUOUS}
 * @param window latent frames judged together, a multiple of 3
 * @param lead how many of them, from the start, are shown and not scored: they are older than the
 *     rollout's gradients; a multiple of 3 below the window
 */
public record Framing(Sight sight, ContextKind context, int contextFrames, int window, int lead) {
  private static final int CHUNK = ModelConfig.CHUNK;

  /** Checks the sizes. */
  public Framing {
    if (window < CHUNK
        || window % CHUNK != 0
        || lead < 0
        || lead % CHUNK != 0
        || lead >= window
        || contextFrames < 0
        || contextFrames % CHUNK != 0) {
      throw new IllegalArgumentException(
          "window, lead and context_frames are multiples of "
              + CHUNK
              + ", the lead below the window, not "
              + window
              + ", "
              + lead
              + ", "
              + contextFrames);
    }
  }

  /** How many frames are scored. */
  public int scored() {
    return window - lead;
  }

  /** The window of a rollout, clean, without its graph. */
  public @Axes("B C F Y X") Tensor window(Rolled rolled, Opening opening) {
    try (var scope = Scope.open();
        var off = Gradients.off()) {
      int first = rolled.frames() - window;
      var frames = rolled.latents().detach().narrow(2, first, window);
      boolean opens = sight == Sight.BIDIRECTIONAL && context == ContextKind.NONE && first > 0;
      return scope.keep(opens ? opened(rolled.latents().detach(), first, frames, opening) : frames);
    }
  }

  /** The passes that judge it; their context is without gradients, owned by the caller's scope. */
  public List<Excerpt> excerpts(Rolled rolled, Opening opening) {
    int first = rolled.frames() - window;
    return switch (sight) {
      case BIDIRECTIONAL ->
          List.of(new Excerpt(before(rolled, first, first, opening), 0, window, scored()));
      case CAUSAL_WITH_MEMORY ->
          IntStream.range(lead / CHUNK, window / CHUNK)
              .map(chunk -> chunk * CHUNK)
              .mapToObj(
                  at -> new Excerpt(before(rolled, first, first + at, opening), at, CHUNK, CHUNK))
              .toList();
    };
  }

  /** The context of what begins at a frame. */
  private Tensor before(Rolled rolled, int windowFirst, int frame, Opening opening) {
    return switch (context) {
      case NONE -> stretch(rolled, windowFirst, frame);
      case CONTIGUOUS -> {
        int from = Math.max(0, frame - contextFrames);
        var frames = stretch(rolled, from, frame);
        yield sight == Sight.BIDIRECTIONAL && from > 0
            ? opened(rolled.shown(), from, frames, opening)
            : frames;
      }
      case MEMORY -> remembered(rolled, frame, opening);
    };
  }

  private static Tensor stretch(Rolled rolled, int from, int end) {
    return rolled.shown().narrow(2, from, end - from);
  }

  /** With the first frame as a video begins. */
  private static Tensor opened(Tensor latents, int first, Tensor frames, Opening opening) {
    try (var scope = Scope.open()) {
      var start = opening.of(latents.narrow(2, 0, first + 1));
      return scope.keep(Tensor.cat(List.of(start, frames.narrow(2, 1, frames.size(2) - 1)), 2));
    }
  }

  /** What each video's memory held when the chunk of that frame was made. */
  private Tensor remembered(Rolled rolled, int frame, Opening opening) {
    try (var scope = Scope.open()) {
      var latents = rolled.shown();
      var plans = rolled.plans().get(frame / CHUNK);
      var videos = new ArrayList<Tensor>();
      for (int i = 0; i < plans.size(); i++) {
        var own = latents.narrow(0, i, 1);
        long[] held = plans.get(i).past().stream().mapToLong(Slot::frame).toArray();
        var frames = own.gatherRows(2, Tensor.of(held, held.length).to(latents.device()));
        boolean opens = sight == Sight.BIDIRECTIONAL && held.length > 0 && held[0] > 0;
        videos.add(opens ? opened(own, Math.toIntExact(held[0]), frames, opening) : frames);
      }
      return scope.keep(Tensor.cat(videos, 0));
    }
  }
}
