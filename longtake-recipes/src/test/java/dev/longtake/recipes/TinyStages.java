package dev.longtake.recipes;

import dev.longtake.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Run files of stages after the first whose steps take milliseconds on a processor. */
final class TinyStages {
  private static final String TRAINING =
      """
      training:
        seed: 2
        steps: 4
        rate: {peak: 1.0e-3, warmup: 1, steps: 4, floor: 0.1}
        adam: {beta1: 0.9, beta2: 0.99, eps: 1.0e-8, weight_decay: 0.01}
        clip: 1.0
        ema_decay: 0.9
        log_every: 1
        save_every: 2
      """;

  static final String BACKBONE =
      """
      stage: backbone
      name: tiny-backbone
      from: FROM
      start: fresh
      data: world
      latent_frames: 3
      batch: 2
      dtype: bfloat16
      objective: {shift: 3, weight: bell, prompt_dropout: 0.1}
      """
          + TRAINING;

  static final String CAUSAL_START =
      """
      stage: causal-start
      name: tiny-causal
      from: FROM
      data: world
      latent_frames: 6
      batch: 1
      memory: sliding-window:6
      dtype: bfloat16
      objective: {forcing: teacher, block: 3, shift: 3, weight: bell, augmentation: 0.1,
        prompt_dropout: 0.1}
      """
          + TRAINING;

  static final String ODE_PAIRS =
      """
      stage: ode-pairs
      name: tiny-pairs
      from: FROM
      teacher: bidirectional
      prompts: world
      extended: ""
      negative_prompt: ""
      pairs: 5
      latent_frames: 6
      together: 2
      grid: {steps: 4, shift: 8, kept: 2}
      guidance: 2
      seed: 3
      shard_megabytes: 1
      damaged: refuse
      dtype: bfloat16
      """;

  static final String ODE_REGRESSION =
      """
      stage: ode-regression
      name: tiny-student
      from: FROM
      pairs: PAIRS
      batch: 2
      memory: sliding-window:6
      dtype: bfloat16
      objective: {forcing: diffusion, block: 3, drawn: all}
      """
          + TRAINING;

  static final String GUIDANCE =
      """
      stage: guidance-distillation
      name: tiny-guided
      from: FROM
      dtype: bfloat16
      guidance: 3
      footage: {videos: 2, openings: 1, latent_frames: 15, together: 1,
        memories: ["slow-fast:sink=3,slow=3,fast=6,threshold=2", "slow-fast:sink=3,slow=3,fast=6"]}
      frames_per_step: 24
      first: 0.25
      filling: 0.25
      forcing: 0.25
      forced_frames: 6
      objective: {shift: 3, draws: 2, context_noise: 0.3}
      sampling: {kind: few_step, steps: 2, shift: 3, guidance: 1}
      """
          + TRAINING;

  private TinyStages() {}

  /** Reads a run file with other settings. */
  static Run read(Path folder, String yaml, Map<String, String> settings) throws IOException {
    return RunFiles.read(Files.writeString(folder.resolve("run.yaml"), yaml), settings);
  }

  static Ear run(Run run, Path out) {
    return run(run, out, "", List.of(Device.CPU));
  }

  static Ear run(Run run, Path out, String end, List<Device> devices) {
    var ear = new Ear(end);
    run.carryOut(new Workplace(devices, out, 1, Ending.NEVER, ear));
    return ear;
  }

  /** The bytes of what a run left, but for what tells the time. */
  static Map<String, List<Byte>> bytes(Path folder) throws IOException {
    var files = new TreeMap<String, List<Byte>>();
    try (var list = Files.list(folder)) {
      for (var file : list.filter(f -> !f.endsWith("manifest.json")).toList()) {
        var bytes = new ArrayList<Byte>();
        for (byte b : Files.readAllBytes(file)) {
          bytes.add(b);
        }
        files.put(file.getFileName().toString(), bytes);
      }
    }
    return files;
  }
}
