/**
 * What a model can and cannot do, measured on worlds it has never seen.
 *
 * <p>The procedural world knows every right answer, so nothing here is judged by another network:
 * colours are counted, views are compared with the one true view, seconds are taken with a clock.
 * Where many pictures would be right, sets of videos are compared in the latent space of the
 * model's own autoencoder. Each measurement is a record with a {@code measure} method; the record
 * says by which method, with what settings and on what machine its numbers came about, and {@link
 * dev.longtake.eval.ResultFile} writes it as JSON.
 *
 * {@snippet :
 * try (var model = VideoModel.open(Path.of("models/longtake-mini"), Device.CPU, Dtype.FLOAT32)) {
 *   var quality = VaeQuality.measure(model, VaeQuality.Settings.DEFAULT, Reporter.SILENT);
 *   ResultFile.write(Path.of("docs/results/vae-quality.json"), quality);
 *
 *   var memory = Revisit.measure(model, Revisit.Settings.DEFAULT, Reporter.SILENT);
 *   MemoryReport.write(Path.of("docs/results"), memory.result(), memory.pictures());
 * }
 * }
 *
 * <h2>Measurements</h2>
 *
 * <ul>
 *   <li>{@link dev.longtake.eval.VaeQuality}: what the video autoencoder loses.
 *   <li>{@link dev.longtake.eval.CaptionObjects}: whether a video shows what its prompt names, and
 *       with it {@link dev.longtake.eval.LatentFrechet}: how far such videos are from true ones.
 *   <li>{@link dev.longtake.eval.Revisit}: whether what left the frame is still there when the
 *       camera comes back, for several memories.
 *   <li>{@link dev.longtake.eval.GenerationSpeed}: frames per second, waiting time, memory, and the
 *       share of each part; {@link dev.longtake.eval.SpeedReport} shows it.
 * </ul>
 *
 * <p>{@link dev.longtake.eval.TrainingLosses} measures nothing: it is what training runs logged,
 * and {@link dev.longtake.eval.LossReport} shows it.
 *
 * <h2>Invariants</h2>
 *
 * <ul>
 *   <li>Worlds come from {@link dev.longtake.world.Split#HELD_OUT}. Only the shape classifier is
 *       fitted, and on training worlds.
 *   <li>Every score stands between a ceiling (the same measure on true clips, or on what the
 *       autoencoder makes of them) and a floor (on what has nothing to do with the truth).
 *   <li>Model, settings and seed decide the scores, up to rounding; only times and memory vary.
 *   <li>Worlds are measured one after the other on the calling thread.
 * </ul>
 */
@NullMarked
package dev.longtake.eval;

import org.jspecify.annotations.NullMarked;
