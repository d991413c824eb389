package dev.longtake.cli;

import dev.longtake.media.Frame;
import dev.longtake.media.VideoFormat;
import dev.longtake.memory.Memory;
import dev.longtake.rollout.ModelConfig.Sampling;
import dev.longtake.rollout.Overlap;
import dev.longtake.rollout.PromptSwitch;
import dev.longtake.rollout.Replay;
import dev.longtake.rollout.VideoChunk;
import dev.longtake.rollout.VideoGenerator;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Everything that the videos of one command share.
 *
 * @param folder where the model lies
 * @param seed of all randomness
 * @param memory what the model may look back at
 * @param memorySpec the same as text
 * @param onSwitch what memory does when the prompt changes
 * @param sampling how noise becomes a chunk
 * @param overlap whether chunks are decoded while the next ones are denoised
 * @param replay whether denoising passes are recorded and replayed
 * @param beginning what each video goes on from, if anything
 * @param pictures folder for single pictures, if any
 * @param tagged whether the MP4 says how it was made
 */
record Generation(
    ModelFolder folder,
    long seed,
    Memory memory,
    String memorySpec,
    PromptSwitch onSwitch,
    Sampling sampling,
    Overlap overlap,
    Replay replay,
    Optional<Given> beginning,
    Optional<Path> pictures,
    boolean tagged) {

  /** Refuses what the memory cannot do. */
  Generation {
    onSwitch.requireFor(memory);
    sampling.requireFor(memory);
  }

  /** Pictures that memory may hold of the longest of some videos, what it goes on from included. */
  long longest(List<Take> takes) {
    long made = takes.stream().mapToLong(Take::frames).max().orElseThrow();
    return made + beginning.map(Given::frames).orElse(0L);
  }

  /**
   * Makes a video.
   *
   * @param loaded the model of that folder
   * @return how it was made
   */
  Facts film(VideoModel loaded, Take take, Terminal terminal) {
    var request = new VideoRequest(take.prompts().first(), seed, memory, sampling);
    var size = folder.config().video();
    var format = new VideoFormat(size.width(), size.height(), size.fps());
    var filming = new Filming(take.frames(), format, take.files(), pictures, tags(loaded, take));
    try (var video = VideoGenerator.start(loaded, request, overlap, replay)) {
      video.follow(take.prompts(), onSwitch);
      beginning.ifPresent(given -> given.begin(video));
      video.lasting(take.frames());
      var outcome = filming.run(terminal, () -> shot(video));
      return new Facts(
          loaded, folder, request, onSwitch, overlap, replay, memorySpec, beginning, take, outcome);
    }
  }

  private Map<String, String> tags(VideoModel loaded, Take take) {
    if (!tagged) {
      return Map.of();
    }
    var tags =
        new TreeMap<>(
            Map.of(
                "prompt", take.prompts().first(),
                "seed", Long.toString(seed),
                "model", folder.config().name(),
                "memory", memorySpec,
                "arithmetic", loaded.arithmetic().toString(),
                "software", Software.nameAndVersion()));
    if (take.prompts().shots().size() > 1) {
      tags.put("schedule", take.prompts().toJson());
      tags.put("on_switch", onSwitch.word());
    }
    return tags;
  }

  private static Filming.Shot shot(VideoGenerator video) {
    long before = video.frames();
    var chunk = video.begin();
    return new Filming.Shot(
        Math.toIntExact(video.frames() - before), chunk.thenApply(Generation::frames));
  }

  private static List<Frame> frames(VideoChunk chunk) {
    return chunk.frames().stream()
        .map(rgb -> new Frame(chunk.width(), chunk.height(), rgb))
        .toList();
  }
}
