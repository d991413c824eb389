/**
 * Complete runs as functions: what a command does, callable from Java.
 *
 * <p>A run file (YAML) becomes a {@link dev.longtake.recipes.Run}, such as a {@link
 * dev.longtake.recipes.TrainingRun}, which is carried out in a {@link
 * dev.longtake.recipes.Workplace}: stage by stage, each resuming from its last checkpoint. It
 * leaves a model folder. An {@link dev.longtake.recipes.Ending} may stop it on the way.
 *
 * <pre>{@code
 * var run =
 *     RunFiles.read(Path.of("recipes/longtake-mini.yaml"), Map.of("causal.training.seed", "3"));
 * var devices = List.of(Device.parse("cuda"));
 * var ending = Ending.NEVER.after(Duration.ofHours(2));
 * run.carryOut(new Workplace(devices, Path.of("out/mini"), 8, ending, watcher));
 * }</pre>
 */
@NullMarked
package dev.longtake.recipes;

import org.jspecify.annotations.NullMarked;
