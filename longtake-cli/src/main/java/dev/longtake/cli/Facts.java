package dev.longtake.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.cli.Filming.Outcome;
import dev.longtake.rollout.Overlap;
import dev.longtake.rollout.PromptSwitch;
import dev.longtake.rollout.Replay;
import dev.longtake.rollout.VideoModel;
import dev.longtake.rollout.VideoRequest;
import dev.longtake.tensor.Device;
import dev.longtake.tensor.NativeMemory;
import dev.longtake.tensor.Threads;
import java.util.Locale;
import java.util.Optional;

/**
 * How a video was made.
 *
 * @param model that made it
 * @param folder where the model lies
 * @param request what was asked for
 * @param onSwitch what memory did when the prompt changed
 * @param overlap whether chunks were decoded while the next ones were denoised
 * @param replay whether denoising passes were recorded and replayed
 * @param memorySpec the request's memory as text
 * @param given what it continues, if anything
 * @param take what it shows and where it was written
 * @param outcome how it went
 */
record Facts(
    VideoModel model,
    ModelFolder folder,
    VideoRequest request,
    PromptSwitch onSwitch,
    Overlap overlap,
    Replay replay,
    String memorySpec,
    Optional<Given> given,
    Take take,
    Outcome outcome) {

  /**
   * For programs: the same request gives the same values up to those that tell of time, memory and
   * place.
   *
   * @param sha256 of the transformer's file
   */
  ObjectNode json(String sha256) {
    var video = model.config().video();
    var sampling = request.sampling();
    var root = Json.object();
    root.put("video", take.files().video().toString());
    root.put("contact_sheet", take.files().sheet().toString());
    root.put("prompt", request.prompt());
    if (take.prompts().shots().size() > 1) {
      root.set("schedule", Json.ours(take.prompts().toJson()));
      root.put("on_switch", onSwitch.word());
    }
    root.put("seed", request.seed());
    var of = root.putObject("model");
    of.put("name", model.config().name());
    of.put("folder", folder.path().toString());
    folder.choices().forEach(of::put);
    of.put("parameters", model.parameters());
    of.put("transformer_sha256", sha256);
    folder.manifest().ifPresent(manifest -> of.set("manifest", manifest));
    root.put("memory", memorySpec);
    root.putObject("sampling")
        .put("kind", sampling.kind().name().toLowerCase(Locale.ROOT))
        .put("steps", sampling.steps())
        .put("shift", sampling.shift())
        .put("guidance", sampling.guidance());
    given.ifPresent(
        g ->
            root.putObject("continues")
                .put("video", g.source().toString())
                .put("frames_used", g.frames())
                .put("frames_skipped", g.skipped()));
    root.put("frames", outcome.frames());
    root.put("fps", video.fps());
    root.put("seconds", seconds());
    root.put("width", video.width());
    root.put("height", video.height());
    root.put("device", model.device().toString());
    root.put("dtype", model.dtype().name().toLowerCase(Locale.ROOT));
    root.put("arithmetic", model.arithmetic().toString());
    root.put("text_encoder", model.text().residence().word());
    root.put("threads", Threads.get());
    root.put("overlap", overlap.word());
    root.put("replay", replay.word());
    root.put("natives", Device.natives());
    root.put("seconds_taken", thousandths(outcome.seconds()));
    root.put("frames_per_second", thousandths(outcome.rate()));
    NativeMemory.peakResidentBytes().ifPresent(bytes -> root.put("peak_resident_bytes", bytes));
    root.put("software", Software.nameAndVersion());
    return root;
  }

  /** For people. */
  String line() {
    var line =
        String.format(
            Locale.ROOT,
            "%s: %s s, %.1f frames/s",
            take.files().video(),
            Length.plain(thousandths(seconds())),
            outcome.rate());
    var peak = NativeMemory.peakResidentBytes();
    return peak.isPresent()
        ? line + String.format(Locale.ROOT, ", peak memory %.0f MB", peak.getAsLong() / 1e6)
        : line;
  }

  private double seconds() {
    return (double) outcome.frames() / model.config().video().fps();
  }

  private static double thousandths(double number) {
    return Math.round(number * 1000) / 1000.0;
  }
}
