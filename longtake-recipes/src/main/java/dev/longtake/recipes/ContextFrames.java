package dev.longtake.recipes;

import dev.longtake.data.LatentSource;
import dev.longtake.memory.MemoryPolicies;
import dev.longtake.nn.Weights;
import dev.longtake.rollout.ModelConfig;
import dev.longtake.teacher.ContextBatch;
import dev.longtake.teacher.ContextCurriculum;
import dev.longtake.tensor.Dtype;
import dev.longtake.tensor.Gradients;
import dev.longtake.tensor.Tensor;
import dev.longtake.text.TokenIds;
import dev.longtake.text.Umt5Encoder;
import dev.longtake.train.Footage;
import dev.longtake.train.MemoryTrace;
import dev.longtake.train.VideoBatch;
import java.util.List;
import java.util.stream.LongStream;

/** One device's frames to train a context teacher on. */
sealed interface ContextFrames extends AutoCloseable {
  /** The frames of a batch, owned by the caller's scope. */
  ContextBatch at(long step);

  @Override
  void close();

  /**
   * Of worlds that were filmed.
   *
   * @param footage closed with this
   * @param textWeights closed with this
   * @param text reads captions
   * @param dtype of its arithmetic
   */
  record Filmed(
      ContextCurriculum curriculum,
      int rank,
      Footage footage,
      Weights textWeights,
      Umt5Encoder text,
      Dtype dtype)
      implements ContextFrames {

    @Override
    public ContextBatch at(long step) {
      return curriculum.batch(footage, this::read, step, rank);
    }

    private Tensor read(TokenIds captions) {
      try (var off = Gradients.off()) {
        return text.encode(captions, dtype);
      }
    }

    @Override
    public void close() {
      footage.close();
      textWeights.close();
    }
  }

  /**
   * Of clips, wherever they come from.
   *
   * @param clips closed with this
   * @param memories policies whose selection is the context, if a memory selects it
   */
  record OfClips(ContextCurriculum curriculum, int rank, LatentSource clips, List<String> memories)
      implements ContextFrames {

    @Override
    public ContextBatch at(long step) {
      var batch = clips.at(step);
      var traces =
          LongStream.range(0, batch.latents().size(0))
              .mapToObj(clip -> traces(batch.latents().select(0, clip)))
              .toList();
      return curriculum.batch(new VideoBatch(batch.latents(), batch.text()), traces, step, rank);
    }

    private List<MemoryTrace> traces(Tensor clip) {
      if (memories.isEmpty()) {
        return List.of();
      }
      var likeness = LatentLikeness.of(clip);
      int chunks = Math.toIntExact(clip.size(1)) / ModelConfig.CHUNK;
      return memories.stream()
          .map(MemoryPolicies::policy)
          .map(policy -> MemoryTrace.of(policy, likeness, chunks, ModelConfig.CHUNK))
          .toList();
    }

    @Override
    public void close() {
      clips.close();
    }
  }
}
